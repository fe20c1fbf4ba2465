import symnet as sn

x = sn.param()
loss = x**2
train = sn.train(optimizer=sn.Adam(betas=(0.9, 1.5)))

import symnet as sn

x = sn.param()
loss = x**2
train = sn.train(seed=-1)

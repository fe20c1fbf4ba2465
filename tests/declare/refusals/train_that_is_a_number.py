import symnet as sn

x = sn.param()
loss = x**2
train = 3

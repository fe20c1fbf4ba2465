import symnet as sn

x = sn.param(3, init=[1.0, 2.0])
loss = sn.sum(x)

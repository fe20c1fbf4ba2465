import symnet as sn

x = sn.param(5)
loss = sn.sum(x[x > 0])

import symnet as sn

x = sn.param(3)
loss = sn.sum(sn.where(x, 2 * x, 3 * x))

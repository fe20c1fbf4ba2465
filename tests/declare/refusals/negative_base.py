import symnet as sn

x = sn.param(3)
loss = sn.sum((-2) ** x)

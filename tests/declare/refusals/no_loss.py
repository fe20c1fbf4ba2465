import symnet as sn

x = sn.param(3)
y = sn.sum(x)

import symnet as sn

x = sn.param(3)
loss = 3.0

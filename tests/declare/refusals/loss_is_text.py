import symnet as sn

x = sn.param(2)
loss = "sum of x"

import symnet as sn

x = sn.data(3)
loss = sn.sum(x)

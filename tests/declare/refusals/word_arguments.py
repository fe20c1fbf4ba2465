import symnet as sn

x = sn.param(4, 3)
loss = sn.sum(x, dims=1)

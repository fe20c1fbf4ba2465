import symnet as sn

x, w = sn.data(3), sn.param(10**18)
loss = (w[:3] * x).sum()

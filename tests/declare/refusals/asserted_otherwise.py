import symnet as sn

x = sn.param(3)
assert x.shape == (4,)
loss = sn.sum(x**2)

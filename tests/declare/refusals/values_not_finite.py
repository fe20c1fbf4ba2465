import symnet as sn

x = sn.param(2, init=[1.0, float("inf")])
loss = sn.sum(x)

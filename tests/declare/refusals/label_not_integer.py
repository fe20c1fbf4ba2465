import symnet as sn

t = sn.labels(2, classes=3, values=[1.0, 2.0])
z = sn.param(2, 3)
loss = sn.cross_entropy(z, t)

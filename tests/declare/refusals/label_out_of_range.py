import symnet as sn

t = sn.labels(4, classes=3, values=[0, 1, 2, 3])
Z = sn.param(4, 3)
loss = sn.cross_entropy(Z, t)

import symnet as sn

z = sn.param(4, 2)
t = sn.labels(6, classes=9)
loss = sn.sum(z[t] ** 2)

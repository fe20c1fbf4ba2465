import symnet as sn

z = sn.param(5, 4)
t, s = sn.labels(3, classes=5), sn.labels(2, classes=4)
loss = sn.sum(z[t, s])

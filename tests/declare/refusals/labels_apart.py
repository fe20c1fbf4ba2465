import symnet as sn

z = sn.param(5, 4, 3)
t = sn.labels(3, classes=3)
loss = sn.sum(z[0, :, t] ** 2)

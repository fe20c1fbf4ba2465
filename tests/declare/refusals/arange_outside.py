import symnet as sn

x = sn.param(6, 3)
t = sn.labels(6, classes=3)
loss = sn.sum(x[t, sn.arange(6)])

import symnet as sn

c = sn.param(5)
t = sn.labels(8, classes=4)
loss = sn.sum(c[t + 1] - c[1:][t])

import symnet as sn

N, D, H, C = sn.dims(N="batch", D=2, H=4, C=3)
X = sn.data(N, D)
y = sn.data(N)
t = sn.labels(N, classes=C)
W = sn.param(D, C)

loss = sn.crossentropy(X @ W, t)

import symnet as sn

N, D, H, C = sn.dims(N="batch", D=2, H=4, C=3)
X = sn.data(N, D)
y = sn.data(N)
t = sn.labels(N, classes=C)
W1 = sn.param(H, D)

Z1 = X @ W1
loss = sn.mean(Z1**2)

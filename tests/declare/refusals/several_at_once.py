import symnet as sn

N, D, H, C = sn.dims(N="batch", D=2, H=4, C=3)
X = sn.data(N, D)
y = sn.data(N)
t = sn.labels(N, classes=C)
W1 = sn.param(H, D)
w = sn.param(D, 1)

Z1 = X @ W1
yhat = X @ w
loss = sn.mean((yhat - y) ** 2) + sn.mean(Z1) * float("inf")

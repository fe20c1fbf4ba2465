import symnet as sn

N = sn.dims(N="batch")
X, w = sn.data(N, 3), sn.param(3)
loss = 0
for i in range(N):
    loss = loss + X[i] @ w

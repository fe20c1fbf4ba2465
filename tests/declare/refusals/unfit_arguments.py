import symnet as sn

N, D = sn.dims(N="batch", D=3)
X = sn.data(N, D)
w = sn.param(D, std=0.1)
loss = (X @ w).sum()

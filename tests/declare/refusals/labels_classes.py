import symnet as sn

N, D, C = sn.dims(N="batch", D=3, C=4)
X, t = sn.data(N, D), sn.labels(N, C)
loss = sn.cross_entropy(X @ sn.param(D, C), t)

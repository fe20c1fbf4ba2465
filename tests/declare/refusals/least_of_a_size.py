import symnet as sn

T, D = sn.dims(T=4, D=3)
x, w = sn.data(T, D), sn.param(D)
loss = (x[: min(T, 3)] @ w).sum()

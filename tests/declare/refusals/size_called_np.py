import symnet as sn

N, K = sn.dims(N="batch", np=3)
x = sn.data(N, K)
w = sn.param(K)
loss = sn.mean(x * w)

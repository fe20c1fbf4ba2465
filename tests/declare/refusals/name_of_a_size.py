import symnet as sn

B = sn.dims(N="batch")
x = sn.data(B, 3)
N = sn.param(3)
loss = sn.mean(x * N)

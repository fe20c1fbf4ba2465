import symnet as sn

N, C = sn.dims(N="batch", C=2)
x = sn.param(N, C)

loss = sn.cross_entropy(x, sn.arange(N))

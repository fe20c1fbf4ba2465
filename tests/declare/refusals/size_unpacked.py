import symnet as sn

(N,) = sn.dims(N="batch")
x = sn.param(3)
loss = (x * x).sum()

import symnet as sn

N = sn.dims(N="many")
x = sn.param(-3)
loss = sn.sum(x)

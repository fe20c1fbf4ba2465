import symnet as sn

W = sn.param([4, 3])
loss = sn.sum(W)

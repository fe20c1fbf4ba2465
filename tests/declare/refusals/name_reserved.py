import symnet as sn

params = sn.param(3)
loss = sn.sum(params**2)

import symnet as sn

x = sn.param()
loss = x if x > 0 else -x

import symnet as sn

x = sn.data(3)
w = sn.param(3)
y = (w * x).requires_grad_(False)
loss = sn.sum(y**2)

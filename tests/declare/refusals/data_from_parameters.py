import symnet as sn

w = sn.param(2)
x = sn.data(2, values=w * 2)
loss = sn.sum(w * x)

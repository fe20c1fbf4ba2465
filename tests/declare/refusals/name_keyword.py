import symnet as sn

x = sn.param(3, name="lambda")
loss = sn.sum(x**2)

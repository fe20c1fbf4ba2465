import symnet as sn

x = sn.param(3, name='x"; import os')
loss = sn.sum(x**2)

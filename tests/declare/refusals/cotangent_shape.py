import symnet as sn

x = sn.param(3)
G = sn.data(4)
z = x**2
z.backward(gradient=G)

import sympy

import symnet as sn

relu = sn.elementwise("relu", lambda z: sympy.Max(z, 0))
x = sn.param(3)
loss = sn.sum(relu(x))

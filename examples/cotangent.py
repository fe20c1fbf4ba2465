"""z = x² + y x + y² on 2x2 matrices: not one number, so the backward pass starts from a given cotangent."""

import symnet as sn

x = sn.param(2, 2, init=[[1.0, 2.0], [3.0, 4.0]])
y = sn.param(2, 2, init=[[0.5, -1.0], [2.0, 1.5]])
G = sn.data(2, 2, values=[[1.0, 0.1], [0.01, 2.0]])

z = x**2 + y * x + y**2
z.backward(gradient=G)

train = sn.train(lr=0.01, steps=10)

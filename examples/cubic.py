"""Fit sin(x) by a cubic: four numbers, a sum of squares, plain gradient descent."""

import math

import symnet as sn

N = sn.dims(N="batch")
x = sn.data(N, values=sn.linspace(-math.pi, math.pi))
y = sn.data(N, values=sn.sin(x))
a, b, c, d = sn.params(4)

yhat = a + b * x + c * x**2 + d * x**3
loss = sn.sum((yhat - y) ** 2)

train = sn.train(lr=1e-6, steps=2000, samples=2000, report="Result: y = {a} + {b} x + {c} x^2 + {d} x^3")

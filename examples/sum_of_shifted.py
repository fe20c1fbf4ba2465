"""t = x + b on 3x4 matrices and y = sum(t): the gradient of a sum is ones."""

import symnet as sn

x = sn.param(3, 4)
b = sn.param(3, 4)

t = x + b
y = t.sum()
y.backward()

train = sn.train(lr=0.01, steps=10)

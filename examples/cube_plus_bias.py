"""z = x³ + b, with derivatives 3 x² and 1.  Try --wrt x and --order 2."""

import symnet as sn

x = sn.param(init=2.0)
b = sn.param(init=1.0)

z = x**3 + b
z.backward()

train = sn.train(lr=0.001, steps=10)

"""The first autograd example of many tutorials: out = mean(3 (x + 2)²) at x = [1, 2, 3].

out is 50 and the gradient is 2 (x + 2) = [6, 8, 10].
"""

import symnet as sn

x = sn.param(3, init=[1.0, 2.0, 3.0])

y = x + 2
z = 3 * y**2
out = z.mean()
out.backward()

train = sn.train(lr=0.1, steps=20)

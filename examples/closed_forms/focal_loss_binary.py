"""The focal loss of a logit with label y and γ = 2: nothing divides by a probability.

Lin et al., arXiv 1708.02002, equation 5.
"""

import symnet as sn

N = sn.dims(N="batch")
y = sn.data(N)
z = sn.param(N)

p = sn.sigmoid(z)
loss = -sn.sum(y * (1 - p) ** 2 * sn.log(p) + (1 - y) * p**2 * sn.log(1 - p))


def expert():
    one = y * (1 - p) ** 2 * (2 * p * sn.log(p) + p - 1)
    other = (1 - y) * p**2 * (p - 2 * (1 - p) * sn.log(1 - p))
    return {"z": one + other}

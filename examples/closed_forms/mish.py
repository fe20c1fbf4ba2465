"""Mish, y = z tanh(softplus(z)).  Misra, arXiv 1908.08681."""

import symnet as sn

N = sn.dims(N="batch")
G = sn.data(N)
z = sn.param(N)

w = sn.tanh(sn.softplus(z))
y = z * w
loss = sn.sum(G * y)


def expert():
    return {"z": G * (w + z * sn.sigmoid(z) * (1 - w**2))}

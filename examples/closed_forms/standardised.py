"""Standardised numbers, (x - μ)/σ, with a cotangent G."""

import symnet as sn

N = sn.dims(N="batch")
G = sn.data(N)
x = sn.param(N)

mu = sn.mean(x)
sigma = sn.sqrt(sn.mean((x - mu) ** 2))
xh = (x - mu) / sigma
loss = sn.sum(G * xh)


def expert():
    return {"x": (N * G - sn.sum(G) - xh * loss) / (N * sigma)}

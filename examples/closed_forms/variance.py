"""The variance of numbers; the path through the mean adds nothing, because Σ(x - μ) = 0."""

import symnet as sn

N = sn.dims(N="batch")
x = sn.param(N)

mu = sn.mean(x)
loss = sn.sum((x - mu) ** 2) / N


def expert():
    return {"x": 2 * (x - mu) / N}

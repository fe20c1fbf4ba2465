"""The focal loss with γ = 2.  Lin et al., arXiv 1708.02002, appendix A."""

import symnet as sn

N = sn.dims(N="batch")
z = sn.param(N)

p = sn.sigmoid(z)
loss = -sn.sum((1 - p) ** 2 * sn.log(p))


def expert():
    return {"z": (1 - p) ** 2 * (2 * p * sn.log(p) + p - 1)}

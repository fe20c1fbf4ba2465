"""Batch norm from mean, variance and 1/σ = 1/sqrt(v + ε), each step under a name.

Ioffe and Szegedy, arXiv 1502.03167, section 3; the compact form of the gradient is that of careful implementations.
"""

import symnet as sn

N, D = sn.dims(N="batch", D=3)
dY = sn.data(N, D)
X = sn.param(N, D)
gamma, beta = sn.param(D), sn.param(D)

mu = sn.mean(X, dim=0)
v = sn.mean((X - mu) ** 2, dim=0)
r = 1 / sn.sqrt(v + 1e-5)
xh = (X - mu) * r
Y = gamma * xh + beta
loss = sn.sum(dY * Y)


def expert():
    dbeta = sn.sum(dY, dim=0)
    dgamma = sn.sum(dY * xh, dim=0)
    return {"X": gamma * r / N * (N * dY - dbeta - xh * dgamma), "gamma": dgamma, "beta": dbeta}

"""Batch norm with only μ and x̂ named: the variance stands inside the expression of x̂."""

import symnet as sn

N, D = sn.dims(N="batch", D=3)
dY = sn.data(N, D)
X = sn.param(N, D)
gamma, beta = sn.param(D), sn.param(D)

mu = sn.mean(X, dim=0)
xh = (X - mu) / sn.sqrt(sn.mean((X - mu) ** 2, dim=0) + 1e-5)
loss = sn.sum(dY * (gamma * xh + beta))


def expert():
    dbeta = sn.sum(dY, dim=0)
    dgamma = sn.sum(dY * xh, dim=0)
    r = 1 / sn.sqrt(sn.mean((X - mu) ** 2, dim=0) + 1e-5)
    return {"X": gamma * r / N * (N * dY - dbeta - xh * dgamma), "gamma": dgamma, "beta": dbeta}

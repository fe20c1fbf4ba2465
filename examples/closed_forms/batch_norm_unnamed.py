"""Batch norm in one expression with nothing named."""

import symnet as sn

N, D = sn.dims(N="batch", D=3)
dY = sn.data(N, D)
X = sn.param(N, D)
gamma, beta = sn.param(D), sn.param(D)

loss = sn.sum(
    dY * (gamma * (X - sn.mean(X, dim=0)) / sn.sqrt(sn.mean((X - sn.mean(X, dim=0)) ** 2, dim=0) + 1e-5) + beta)
)


def expert():
    mu = sn.mean(X, dim=0)
    r = 1 / sn.sqrt(sn.mean((X - mu) ** 2, dim=0) + 1e-5)
    xh = (X - mu) * r
    dbeta = sn.sum(dY, dim=0)
    dgamma = sn.sum(dY * xh, dim=0)
    return {"X": gamma * r / N * (N * dY - dbeta - xh * dgamma), "gamma": dgamma, "beta": dbeta}

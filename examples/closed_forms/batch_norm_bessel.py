"""Batch norm with Bessel's N - 1 in the variance."""

import symnet as sn

N, D = sn.dims(N="batch", D=3)
dY = sn.data(N, D)
X = sn.param(N, D)
gamma, beta = sn.param(D), sn.param(D)

mu = sn.mean(X, dim=0)
v = sn.sum((X - mu) ** 2, dim=0) / (N - 1)
r = 1 / sn.sqrt(v + 1e-5)
xh = (X - mu) * r
Y = gamma * xh + beta
loss = sn.sum(dY * Y)


def expert():
    dbeta = sn.sum(dY, dim=0)
    dgamma = sn.sum(dY * xh, dim=0)
    return {"X": gamma * r * (dY - dbeta / N - xh * dgamma / (N - 1)), "gamma": dgamma, "beta": dbeta}

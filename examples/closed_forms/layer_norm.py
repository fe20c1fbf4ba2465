"""Layer norm: each row has mean 0 and variance 1.  Ba, Kiros and Hinton, arXiv 1607.06450."""

import symnet as sn

N, D = sn.dims(N="batch", D=4)
dY = sn.data(N, D)
X = sn.param(N, D)
gamma, beta = sn.param(D), sn.param(D)

mu = sn.mean(X, dim=1, keepdim=True)
v = sn.mean((X - mu) ** 2, dim=1, keepdim=True)
r = 1 / sn.sqrt(v + 1e-5)
xh = (X - mu) * r
Y = gamma * xh + beta
loss = sn.sum(dY * Y)


def expert():
    dxh = dY * gamma
    total = sn.sum(dxh, dim=1, keepdim=True)
    along = sn.sum(dxh * xh, dim=1, keepdim=True)
    return {
        "X": r / D * (D * dxh - total - xh * along),
        "gamma": sn.sum(dY * xh, dim=0),
        "beta": sn.sum(dY, dim=0),
    }

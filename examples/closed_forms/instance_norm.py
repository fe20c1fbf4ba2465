"""Instance norm: every channel of every sample is normalised over its places.

Ulyanov, Vedaldi and Lempitsky, arXiv 1607.08022.
"""

import symnet as sn

N, C, L = sn.dims(N="batch", C=3, L=4)
dY = sn.data(N, C, L)
X = sn.param(N, C, L)
gamma, beta = sn.param(C), sn.param(C)

mu = sn.mean(X, dim=2, keepdim=True)
v = sn.mean((X - mu) ** 2, dim=2, keepdim=True)
r = 1 / sn.sqrt(v + 1e-5)
xh = (X - mu) * r
Y = gamma[:, None] * xh + beta[:, None]
loss = sn.sum(dY * Y)


def expert():
    total = sn.sum(dY, dim=2, keepdim=True)
    along = sn.sum(dY * xh, dim=2, keepdim=True)
    return {
        "X": gamma[:, None] * r / L * (L * dY - total - xh * along),
        "gamma": sn.sum(along, dim=(0, 2)),
        "beta": sn.sum(total, dim=(0, 2)),
    }

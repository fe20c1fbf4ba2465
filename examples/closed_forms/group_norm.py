"""Group norm: G groups of S channels, each normalised over its channels and L places.

Wu and He, arXiv 1803.08494.
"""

import symnet as sn

N, G, S, L = sn.dims(N="batch", G=2, S=3, L=4)
dY = sn.data(N, G, S, L)
X = sn.param(N, G, S, L)
gamma, beta = sn.param(G, S), sn.param(G, S)

mu = sn.mean(X, dim=(2, 3), keepdim=True)
v = sn.mean((X - mu) ** 2, dim=(2, 3), keepdim=True)
r = 1 / sn.sqrt(v + 1e-5)
xh = (X - mu) * r
Y = gamma[:, :, None] * xh + beta[:, :, None]
loss = sn.sum(dY * Y)


def expert():
    dxh = dY * gamma[:, :, None]
    total = sn.sum(dxh, dim=(2, 3), keepdim=True)
    along = sn.sum(dxh * xh, dim=(2, 3), keepdim=True)
    return {
        "X": r / (S * L) * (S * L * dxh - total - xh * along),
        "gamma": sn.sum(dY * xh, dim=(0, 3)),
        "beta": sn.sum(dY, dim=(0, 3)),
    }

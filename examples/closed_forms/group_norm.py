"""Group norm: G groups of S channels, each normalised over its channels and L places.

Wu and He, arXiv 1803.08494.
"""

import symnet as sn

N, G, S, L = sn.dims(N="batch", G=2, S=3, L=4)
dY = sn.data(N, G, S, L)
X = sn.param(N, G, S, L)
gamma, beta = sn.param(G, S, 1), sn.param(G, S, 1)

mu = sn.mean(X, dim=(2, 3), keepdim=True)
v = sn.mean((X - mu) ** 2, dim=(2, 3), keepdim=True)
r = 1 / sn.sqrt(v + 1e-5)
xh = (X - mu) * r
Y = gamma * xh + beta
loss = sn.sum(dY * Y)


def expert():
    dxh = dY * gamma
    total = sn.sum(dxh, dim=(2, 3), keepdim=True)
    along = sn.sum(dxh * xh, dim=(2, 3), keepdim=True)
    return {
        "X": r / (S * L) * (S * L * dxh - total - xh * along),
        "gamma": sn.sum(dY * xh, dim=(0, 3)).unsqueeze(2),
        "beta": sn.sum(dY, dim=(0, 3)).unsqueeze(2),
    }

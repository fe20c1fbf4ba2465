"""RMS norm: each row is divided by its root mean square.  Zhang and Sennrich, arXiv 1910.07467."""

import symnet as sn

N, D = sn.dims(N="batch", D=4)
dY = sn.data(N, D)
X = sn.param(N, D)
gamma = sn.param(D)

r = 1 / sn.sqrt(sn.mean(X**2, dim=1, keepdim=True) + 1e-6)
xh = X * r
Y = gamma * xh
loss = sn.sum(dY * Y)


def expert():
    dxh = dY * gamma
    along = sn.sum(dxh * xh, dim=1, keepdim=True)
    return {"X": r / D * (D * dxh - xh * along), "gamma": sn.sum(dY * xh, dim=0)}

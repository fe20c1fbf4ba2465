"""The elastic net: squares, absolute values and squared weights.  Zou and Hastie, JRSS B 67 (2005)."""

import symnet as sn

N, D = sn.dims(N="batch", D=3)
X, y = sn.data(N, D), sn.data(N)
lam1, lam2 = sn.data(positive=True), sn.data(positive=True)
w = sn.param(D)

r = X @ w - y
loss = sn.sum(r**2) + lam1 * sn.sum(sn.abs(w)) + lam2 * sn.sum(w**2)


def expert():
    return {"w": 2 * (X.T @ r + lam2 * w) + lam1 * sn.sign(w)}

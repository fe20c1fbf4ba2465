"""Ridge regression plus a constant.  Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 3.4.1."""

import symnet as sn

N, D = sn.dims(N="batch", D=3)
X, y = sn.data(N, D), sn.data(N)
lam = sn.data(positive=True)
w = sn.param(D)

loss = sn.sum((X @ w - y) ** 2) + lam * w @ w + 7


def expert():
    return {"w": 2 * (X.T @ (X @ w - y) + lam * w)}

"""tr(Xᵀ A X).  Petersen and Pedersen, The Matrix Cookbook, (108)."""

import symnet as sn

N, D = sn.dims(N=3, D=4)
A = sn.data(N, N)
X = sn.param(N, D)

C = X.T @ A @ X
loss = sn.sum(C[sn.arange(D), sn.arange(D)])


def expert():
    return {"X": (A + A.T) @ X}

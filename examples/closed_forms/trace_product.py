"""tr(Aᵀ B).  Petersen and Pedersen, The Matrix Cookbook, (100) to (105)."""

import symnet as sn

N, D = sn.dims(N=3, D=4)
A, B = sn.param(N, D), sn.param(N, D)

C = A.T @ B
loss = sn.sum(C[sn.arange(D), sn.arange(D)])


def expert():
    return {"A": B, "B": A}

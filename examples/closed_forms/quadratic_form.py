"""xᵀ A x for any square A.  Petersen and Pedersen, The Matrix Cookbook, (81)."""

import symnet as sn

D = sn.dims(D=3)
A = sn.data(D, D)
x = sn.param(D)

loss = x @ A @ x


def expert():
    return {"x": (A + A.T) @ x}

"""xᵀ A x for A declared symmetric.  Petersen and Pedersen, The Matrix Cookbook, (81)."""

import symnet as sn

D = sn.dims(D=3)
A = sn.data(D, D, symmetric=True)
x = sn.param(D)

loss = x @ A @ x


def expert():
    return {"x": 2 * A @ x}

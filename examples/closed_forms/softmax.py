"""Softmax with a cotangent G: the product with the Jacobian diag(p) - p pᵀ of each row, without the Jacobian."""

import symnet as sn

N, C = sn.dims(N="batch", C=4)
G = sn.data(N, C)
Z = sn.param(N, C)

P = sn.softmax(Z, dim=1)
loss = sn.sum(G * P)


def expert():
    return {"Z": P * (G - sn.sum(G * P, dim=1, keepdim=True))}

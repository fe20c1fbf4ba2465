"""A two-layer network with tanh and squared loss, in the matrices that SymPy's own matrix derivative gets wrong."""

import symnet as sn

N, D, H, C = sn.dims(N="batch", D=3, H=5, C=2)
X, Y = sn.data(N, D), sn.data(N, C)
W1, b1 = sn.param(D, H), sn.param(H)
W2, b2 = sn.param(H, C), sn.param(C)

A = sn.tanh(X @ W1 + b1)
R = A @ W2 + b2 - Y
loss = sn.sum(R**2)


def expert():
    dO = 2 * R
    dZ = dO @ W2.T * (1 - A**2)
    return {"W1": X.T @ dZ, "b1": sn.sum(dZ, dim=0), "W2": A.T @ dO, "b2": sn.sum(dO, dim=0)}

"""A bias on the keys adds Q·b to every score of a row, and softmax takes it away: its gradient is 0."""

import symnet as sn

T, E, d = sn.dims(T=6, E=3, d=2)
X = sn.data(T, E)
dO = sn.data(T, d)
Wq, Wk, Wv = sn.param(E, d), sn.param(E, d), sn.param(E, d)
bk = sn.param(d)

Q = X @ Wq
K = X @ Wk + bk
V = X @ Wv
S = Q @ K.T / d**0.5
P = sn.softmax(S, dim=1)
O = P @ V
loss = sn.sum(dO * O)


def expert():
    dP = dO @ V.T
    dS = P * (dP - sn.sum(dO * O, dim=1, keepdim=True))
    dQ = dS @ K / d**0.5
    dK = dS.T @ Q / d**0.5
    dV = P.T @ dO
    return {"Wq": X.T @ dQ, "Wk": X.T @ dK, "Wv": X.T @ dV, "bk": 0}

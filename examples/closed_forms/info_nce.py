"""InfoNCE: row n of U belongs to row n of V.  Van den Oord, Li and Vinyals, arXiv 1807.03748."""

import symnet as sn

N, D = sn.dims(N=4, D=3)
tau = sn.data(positive=True)
U, V = sn.param(N, D), sn.param(N, D)

S = U @ V.T / tau
P = sn.softmax(S, dim=1)
loss = -sn.mean(sn.log(P)[sn.arange(N), sn.arange(N)])


def expert():
    dS = (P - sn.eye(N)) / (N * tau)
    return {"U": dS @ V, "V": dS.T @ U}

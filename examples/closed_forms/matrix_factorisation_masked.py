"""‖B ⊙ (X Y - M)‖²: only the entries that were observed count.  Koren, Bell and Volinsky, IEEE Computer 42 (2009)."""

import symnet as sn

N, K, D = sn.dims(N=4, K=2, D=3)
M = sn.data(N, D)
B = sn.data(N, D, mask=True)
X, Y = sn.param(N, K), sn.param(K, D)

R = B * (X @ Y - M)
loss = sn.sum(R**2)


def expert():
    return {"X": 2 * R @ Y.T, "Y": 2 * X.T @ R}

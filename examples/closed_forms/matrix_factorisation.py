"""‖X Y - M‖² in the Frobenius norm.  Petersen and Pedersen, The Matrix Cookbook, section 2.5."""

import symnet as sn

N, K, D = sn.dims(N=4, K=2, D=3)
M = sn.data(N, D)
X, Y = sn.param(N, K), sn.param(K, D)

R = X @ Y - M
loss = sn.sum(R**2)


def expert():
    return {"X": 2 * R @ Y.T, "Y": 2 * X.T @ R}

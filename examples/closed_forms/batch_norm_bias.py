"""A layer X W + b before batch norm: b adds the same to every row, the mean takes it away, its gradient is 0.

Ioffe and Szegedy, arXiv 1502.03167, section 3.2: 'the bias b can be ignored'.
"""

import symnet as sn

N, D, H = sn.dims(N="batch", D=3, H=2)
X = sn.data(N, D)
dY = sn.data(N, H)
W, b = sn.param(D, H), sn.param(H)
gamma, beta = sn.param(H), sn.param(H)

Z = X @ W + b
mu = sn.mean(Z, dim=0)
v = sn.mean((Z - mu) ** 2, dim=0)
r = 1 / sn.sqrt(v + 1e-5)
xh = (Z - mu) * r
loss = sn.sum(dY * (gamma * xh + beta))


def expert():
    dbeta = sn.sum(dY, dim=0)
    dgamma = sn.sum(dY * xh, dim=0)
    dZ = gamma * r / N * (N * dY - dbeta - xh * dgamma)
    return {"W": X.T @ dZ, "b": 0, "gamma": dgamma, "beta": dbeta}

"""A convolution with a bias before batch norm over samples and places: the gradient of the bias is 0 here too."""

import symnet as sn

N, C, O = sn.dims(N="batch", C=2, O=3)
X = sn.data(N, C, 7)
dY = sn.data(N, O, 5)
W, b = sn.param(O, C, 3), sn.param(O)
gamma, beta = sn.param(O), sn.param(O)

Z = sn.conv1d(X, W, b)
mu = sn.mean(Z, dim=(0, 2))
v = sn.mean((Z - mu[:, None]) ** 2, dim=(0, 2))
r = 1 / sn.sqrt(v + 1e-5)
xh = (Z - mu[:, None]) * r[:, None]
loss = sn.sum(dY * (gamma[:, None] * xh + beta[:, None]))


def expert():
    dbeta = sn.sum(dY, dim=(0, 2))
    dgamma = sn.sum(dY * xh, dim=(0, 2))
    dZ = (gamma * r)[:, None] * (dY - (dbeta[:, None] + xh * dgamma[:, None]) / (5 * N))
    taps = [sn.sum(dZ[:, :, None, :] * X[:, None, :, p : p + 5], dim=(0, 3)) for p in range(3)]
    return {"W": sn.stack(taps, dim=2), "b": 0, "gamma": dgamma, "beta": dbeta}

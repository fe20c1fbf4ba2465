"""Log-softmax with a cotangent G; P = softmax(Z) is nowhere in the model."""

import symnet as sn

N, C = sn.dims(N="batch", C=4)
G = sn.data(N, C)
Z = sn.param(N, C)

Y = sn.log_softmax(Z, dim=1)
loss = sn.sum(G * Y)


def expert():
    return {"Z": G - sn.softmax(Z, dim=1) * sn.sum(G, dim=1, keepdim=True)}

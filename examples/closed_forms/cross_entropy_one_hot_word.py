"""Cross-entropy of one-hot rows by its word."""

import symnet as sn

N, C = sn.dims(N="batch", C=4)
Y = sn.data(N, C, one_hot=True)
Z = sn.param(N, C)

loss = sn.cross_entropy(Z, Y)


def expert():
    return {"Z": (sn.softmax(Z, dim=1) - Y) / N}

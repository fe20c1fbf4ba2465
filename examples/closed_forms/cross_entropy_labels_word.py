"""Cross-entropy by its word."""

import symnet as sn

N, C = sn.dims(N="batch", C=4)
t = sn.labels(N, classes=C)
Z = sn.param(N, C)

loss = sn.cross_entropy(Z, t)


def expert():
    return {"Z": (sn.softmax(Z, dim=1) - sn.one_hot(t, C)) / N}

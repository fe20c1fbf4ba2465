"""Cross-entropy of integer labels by -Σ Y log P with Y = one_hot(t)."""

import symnet as sn

N, C = sn.dims(N="batch", C=4)
t = sn.labels(N, classes=C)
Z = sn.param(N, C)

loss = -sn.sum(sn.one_hot(t, C) * sn.log(sn.softmax(Z, dim=1))) / N


def expert():
    return {"Z": (sn.softmax(Z, dim=1) - sn.one_hot(t, C)) / N}

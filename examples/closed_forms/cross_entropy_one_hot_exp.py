"""Cross-entropy of one-hot rows from exponentials alone."""

import symnet as sn

N, C = sn.dims(N="batch", C=4)
Y = sn.data(N, C, one_hot=True)
Z = sn.param(N, C)

E = sn.exp(Z)
loss = -sn.sum(Y * sn.log(E / sn.sum(E, dim=1, keepdim=True))) / N


def expert():
    return {"Z": (E / sn.sum(E, dim=1, keepdim=True) - Y) / N}

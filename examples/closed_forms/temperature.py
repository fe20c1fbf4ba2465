"""Cross-entropy of logits divided by a temperature.  Hinton, Vinyals and Dean, arXiv 1503.02531, (2)."""

import symnet as sn

N, C = sn.dims(N="batch", C=4)
Y = sn.data(N, C, one_hot=True)
tau = sn.data(positive=True)
Z = sn.param(N, C)

P = sn.softmax(Z / tau, dim=1)
loss = -sn.sum(Y * sn.log(P)) / N


def expert():
    return {"Z": (P - Y) / (N * tau)}

"""Cross-entropy by the negative log-likelihood of log_softmax."""

import symnet as sn

N, C = sn.dims(N="batch", C=4)
t = sn.labels(N, classes=C)
Z = sn.param(N, C)

loss = sn.nll_loss(sn.log_softmax(Z, dim=1), t)


def expert():
    return {"Z": (sn.softmax(Z, dim=1) - sn.one_hot(t, C)) / N}

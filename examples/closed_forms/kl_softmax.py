"""KL(P ‖ Q) of two softmaxes, as in distillation.  Hinton, Vinyals and Dean, arXiv 1503.02531."""

import symnet as sn

C = sn.dims(C=4)
a, b = sn.param(C), sn.param(C)

P, Q = sn.softmax(a), sn.softmax(b)
loss = sn.sum(P * (sn.log(P) - sn.log(Q)))


def expert():
    return {"a": P * (sn.log(P) - sn.log(Q) - loss), "b": Q - P}

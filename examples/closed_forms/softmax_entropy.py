"""The entropy of a softmax, -Σ P log P."""

import symnet as sn

C = sn.dims(C=4)
z = sn.param(C)

P = sn.softmax(z)
loss = -sn.sum(P * sn.log(P))


def expert():
    return {"z": -P * (sn.log(P) + loss)}

"""The gradient of log Σ exp is the softmax: Boyd and Vandenberghe, Convex Optimization, 3.1.5."""

import symnet as sn

C = sn.dims(C=4)
z = sn.param(C)

loss = sn.logsumexp(z, dim=0)


def expert():
    return {"z": sn.softmax(z)}

"""log(1 + exp z) as written; its derivative is the logistic sigmoid."""

import symnet as sn

N = sn.dims(N="batch")
z = sn.param(N)

loss = sn.sum(sn.log(1 + sn.exp(z)))


def expert():
    return {"z": sn.sigmoid(z)}

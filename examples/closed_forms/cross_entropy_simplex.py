"""Cross-entropy with soft labels whose rows are declared to sum to 1.

Goodfellow, Bengio, Courville, Deep Learning, 6.2.2.3.
"""

import symnet as sn

N, C = sn.dims(N="batch", C=4)
Y = sn.data(N, C, simplex=True)
Z = sn.param(N, C)

P = sn.softmax(Z, dim=1)
loss = -sn.sum(Y * sn.log(P)) / N


def expert():
    return {"Z": (P - Y) / N}

"""Label smoothing: one-hot rows mixed with the uniform distribution.  Szegedy et al., arXiv 1512.00567, section 7."""

import symnet as sn

N, C = sn.dims(N="batch", C=4)
Y = sn.data(N, C, one_hot=True)
Z = sn.param(N, C)

eps = 0.1
P = sn.softmax(Z, dim=1)
S = (1 - eps) * Y + eps / C
loss = -sn.sum(S * sn.log(P)) / N


def expert():
    return {"Z": (P - S) / N}

"""SiLU, y = z σ(z), in terms of its own output.  Elfwing, Uchibe and Doya, arXiv 1702.03118."""

import symnet as sn

N = sn.dims(N="batch")
G = sn.data(N)
z = sn.param(N)

y = z * sn.sigmoid(z)
loss = sn.sum(G * y)


def expert():
    s = sn.sigmoid(z)
    return {"z": G * (s + y * (1 - s))}

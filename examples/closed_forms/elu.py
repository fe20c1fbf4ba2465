"""ELU, y = z where z > 0, else α (exp(z) - 1): there its derivative is α exp(z).

It is also y + α, which costs less; but y lies near -α where z is far below 0, so that sum loses every digit there.

Clevert, Unterthiner and Hochreiter, arXiv 1511.07289.
"""

import symnet as sn

N = sn.dims(N="batch")
G = sn.data(N)
z = sn.param(N)

alpha = 0.5
y = sn.where(z > 0, z, alpha * (sn.exp(z) - 1))
loss = sn.sum(G * y)


def expert():
    return {"z": G * sn.where(z > 0, 1, alpha * sn.exp(z))}

"""GELU, y = z Φ(z) with the normal distribution function.  Hendrycks and Gimpel, arXiv 1606.08415."""

import symnet as sn

N = sn.dims(N="batch")
G = sn.data(N)
z = sn.param(N)

y = sn.gelu(z)
loss = sn.sum(G * y)


def expert():
    return {"z": G * (sn.Phi(z) + z * sn.exp(-(z**2) / 2) / sn.sqrt(2 * sn.pi))}

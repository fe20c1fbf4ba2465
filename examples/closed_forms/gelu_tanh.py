"""The tanh approximation of GELU.  Hendrycks and Gimpel, arXiv 1606.08415."""

import symnet as sn

N = sn.dims(N="batch")
G = sn.data(N)
z = sn.param(N)

c = 0.7978845608  # the square root of 2/π
u = sn.tanh(c * (z + 0.044715 * z**3))
y = z * (1 + u) / 2
loss = sn.sum(G * y)


def expert():
    return {"z": G / 2 * (1 + u + z * (1 - u**2) * c * (1 + 0.134145 * z**2))}

"""Softsign, y = z/(1 + |z|)."""

import symnet as sn

N = sn.dims(N="batch")
G = sn.data(N)
z = sn.param(N)

y = z / (1 + sn.abs(z))
loss = sn.sum(G * y)


def expert():
    return {"z": G / (1 + sn.abs(z)) ** 2}

"""Huber's loss; the derivative is the residual clipped to ±δ.  Huber, Annals of Mathematical Statistics 35 (1964)."""

import symnet as sn

N = sn.dims(N="batch")
y = sn.data(N)
yhat = sn.param(N)

r = yhat - y
loss = sn.sum(sn.where(sn.abs(r) <= 1.5, r**2 / 2, 1.5 * (sn.abs(r) - 0.75)))


def expert():
    return {"yhat": sn.clamp(r, -1.5, 1.5)}

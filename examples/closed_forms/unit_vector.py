"""A vector of length 1, y = x/‖x‖, with a cotangent G: what lies along y is taken out."""

import symnet as sn

D = sn.dims(D=4)
G = sn.data(D)
x = sn.param(D)

u = sn.sqrt(sn.sum(x**2))
y = x / u
loss = sn.sum(G * y)


def expert():
    return {"x": (G - y * sn.sum(G * y)) / u}

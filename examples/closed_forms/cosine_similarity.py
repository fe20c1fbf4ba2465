"""The cosine of the angle between two vectors."""

import symnet as sn

D = sn.dims(D=4)
a, b = sn.param(D), sn.param(D)

na, nb = sn.sqrt(sn.sum(a**2)), sn.sqrt(sn.sum(b**2))
ah, bh = a / na, b / nb
loss = sn.sum(ah * bh)


def expert():
    return {"a": (bh - ah * loss) / na, "b": (ah - bh * loss) / nb}

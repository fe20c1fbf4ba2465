"""KL(N(μ, exp(lv)) ‖ N(0, 1)) of a variational autoencoder.  Kingma and Welling, arXiv 1312.6114, appendix B."""

import symnet as sn

D = sn.dims(D=4)
mu, lv = sn.param(D), sn.param(D)

loss = sn.sum(sn.exp(lv) + mu**2 - 1 - lv) / 2


def expert():
    return {"mu": mu, "lv": (sn.exp(lv) - 1) / 2}

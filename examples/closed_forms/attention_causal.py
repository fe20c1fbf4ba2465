"""Attention where no place may look ahead: scores above the diagonal are -inf before the softmax.

Vaswani et al., arXiv 1706.03762, section 3.2.3.
"""

import math

import symnet as sn

T, d = sn.dims(T=6, d=2)
dO = sn.data(T, d)
Q, K, V = sn.param(T, d), sn.param(T, d), sn.param(T, d)

S = Q @ K.T / d**0.5
ahead = sn.triu(sn.ones(T, T), diagonal=1) > 0
P = sn.softmax(S.masked_fill(ahead, -math.inf), dim=1)
O = P @ V
loss = sn.sum(dO * O)


def expert():
    dP = dO @ V.T
    dS = P * (dP - sn.sum(dO * O, dim=1, keepdim=True))
    return {"Q": dS @ K / d**0.5, "K": dS.T @ Q / d**0.5, "V": P.T @ dO}

"""Attention softmax(Q Kᵀ/√d) V with a cotangent dO.

Vaswani et al., arXiv 1706.03762; rowsum(dO ⊙ O) for rowsum(dP ⊙ P) is (4) of FlashAttention, arXiv 2205.14135.
"""

import symnet as sn

T, d = sn.dims(T=6, d=2)
dO = sn.data(T, d)
Q, K, V = sn.param(T, d), sn.param(T, d), sn.param(T, d)

S = Q @ K.T / d**0.5
P = sn.softmax(S, dim=1)
O = P @ V
loss = sn.sum(dO * O)


def expert():
    dP = dO @ V.T
    dS = P * (dP - sn.sum(dO * O, dim=1, keepdim=True))
    return {"Q": dS @ K / d**0.5, "K": dS.T @ Q / d**0.5, "V": P.T @ dO}

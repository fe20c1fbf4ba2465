"""Cross-entropy of softmax probabilities with one-hot rows: Σ_k Y[n,k] = 1 is declared, and the derivation uses it.

Bishop, Pattern Recognition and Machine Learning, (4.109).
"""

import symnet as sn

N, C = sn.dims(N="batch", C=4)
Y = sn.data(N, C, one_hot=True)
Z = sn.param(N, C)

loss = -sn.sum(Y * sn.log(sn.softmax(Z, dim=1))) / N


def expert():
    return {"Z": (sn.softmax(Z, dim=1) - Y) / N}

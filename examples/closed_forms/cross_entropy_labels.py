"""Cross-entropy by log(softmax), picked by integer labels.

Bishop, Pattern Recognition and Machine Learning, (4.109).
"""

import symnet as sn

N, C = sn.dims(N="batch", C=4)
t = sn.labels(N, classes=C)
Z = sn.param(N, C)

loss = -sn.mean(sn.log(sn.softmax(Z, dim=1))[sn.arange(N), t])


def expert():
    return {"Z": (sn.softmax(Z, dim=1) - sn.one_hot(t, C)) / N}

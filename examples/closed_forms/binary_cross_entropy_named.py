"""Binary cross-entropy with the probability p under a name of its own, averaged over the batch.

Bishop, Pattern Recognition and Machine Learning, (4.91).
"""

import symnet as sn

N = sn.dims(N="batch")
y = sn.data(N, values=sn.uniform(0.0, 1.0))
z = sn.param(N)

p = sn.sigmoid(z)
loss = -sn.mean(y * sn.log(p) + (1 - y) * sn.log(1 - p))


def expert():
    return {"z": (p - y) / N}

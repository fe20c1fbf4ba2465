"""Binary cross-entropy of logits, as books define it.

The factors p (1 - p) of the sigmoid cancel the denominators of the two logarithms: Bishop, Pattern Recognition and
Machine Learning, (4.91).
"""

import symnet as sn

N = sn.dims(N="batch")
y = sn.data(N, values=sn.uniform(0.0, 1.0))
z = sn.param(N)

loss = -sn.sum(y * sn.log(sn.sigmoid(z)) + (1 - y) * sn.log(1 - sn.sigmoid(z)))


def expert():
    return {"z": sn.sigmoid(z) - y}

"""Handwritten digits, 8x8 pixels, 1797 rows (see data/README.md): softmax regression, one linear layer."""

import symnet as sn

N, D, C = sn.dims(N="batch", D=64, C=10)
X = sn.data(N, D)
t = sn.labels(N, classes=C)
W, b = sn.param(D, C, init="zeros"), sn.param(C, init="zeros")

Z = X @ W + b
loss = sn.cross_entropy(Z, t)

train = sn.train(data="data/digits.npz", lr=0.5, epochs=40, batch=32, holdout=0.2, log_every=10)

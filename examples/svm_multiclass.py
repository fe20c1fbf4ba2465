"""Handwritten digits (see data/README.md): a linear support vector machine of ten classes, by margins of 1."""

import symnet as sn

N, D, C = sn.dims(N="batch", D=64, C=10)
X = sn.data(N, D)
t = sn.labels(N, classes=C)
W, b = sn.param(D, C, init="zeros"), sn.param(C, init="zeros")

Z = X @ W + b
M = 1 + Z - Z.gather(1, t[:, None])
prediction = Z
loss = sn.sum(sn.relu(M)) / N + 0.001 * sn.sum(W**2)

train = sn.train(data="data/digits.npz", lr=0.02, epochs=40, batch=32, holdout=0.2, log_every=10)

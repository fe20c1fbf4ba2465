"""Threes and eights (see data/README.md): a linear support vector machine, its hinge loss with an L2 penalty."""

import symnet as sn

N, D = sn.dims(N="batch", D=64)
X, y = sn.data(N, D), sn.data(N)
w, b = sn.param(D, init="zeros"), sn.param(init="zeros")

s = 2 * y - 1
z = X @ w + b
loss = sn.mean(sn.relu(1 - s * z)) + 0.01 * sn.sum(w**2) / 2

train = sn.train(data="data/digits_3_8.npz", lr=0.1, epochs=60, batch=32, holdout=0.2, log_every=12)

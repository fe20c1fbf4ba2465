"""Threes and eights, 8x8 pixels, 357 rows (see data/README.md): logistic regression with an L2 penalty."""

import symnet as sn

N, D = sn.dims(N="batch", D=64)
X, y = sn.data(N, D), sn.data(N)
w, b = sn.param(D, init="zeros"), sn.param(init="zeros")

z = X @ w + b
loss = sn.binary_cross_entropy_with_logits(z, y) + 0.001 * sn.sum(w**2)

train = sn.train(data="data/digits_3_8.npz", lr=0.5, epochs=100, batch=32, holdout=0.2, log_every=20)

"""Handwritten digits (see data/README.md): a variational auto-encoder with four latent numbers, as Kingma and Welling.

The noise of the reparameterisation is drawn anew for every step (arXiv 1312.6114).
"""

import symnet as sn

N, D, H, K = sn.dims(N="batch", D=64, H=48, K=4)
X = sn.data(N, D)
W1, b1 = sn.param(D, H, init="xavier"), sn.param(H, init="zeros")
Wm, bm = sn.param(H, K, init="xavier"), sn.param(K, init="zeros")
Wv, bv = sn.param(H, K, init="xavier"), sn.param(K, init="zeros")
W2, b2 = sn.param(K, H, init="xavier"), sn.param(H, init="zeros")
W3, b3 = sn.param(H, D, init="xavier"), sn.param(D, init="zeros")

A = sn.tanh(X @ W1 + b1)
mu = A @ Wm + bm
lv = A @ Wv + bv
eps = sn.randn_like(mu)
z = mu + sn.exp(lv / 2) * eps
B = sn.tanh(z @ W2 + b2)
Y = B @ W3 + b3
KL = sn.sum(sn.exp(lv) + mu**2 - 1 - lv) / 2
loss = (sn.binary_cross_entropy_with_logits(Y, X, reduction="sum") + KL) / N

train = sn.train(data="data/digits.npz", optimizer=sn.Adam(lr=0.003), epochs=40, batch=32, holdout=0.2, log_every=10)

"""Handwritten digits (see data/README.md) through eight numbers and back: an auto-encoder, 64-32-8-32-64."""

import symnet as sn

N, D, H, K = sn.dims(N="batch", D=64, H=32, K=8)
X = sn.data(N, D)

W1, b1 = sn.param(D, H, init="xavier"), sn.param(H, init="zeros")
W2, b2 = sn.param(H, K, init="xavier"), sn.param(K, init="zeros")
W3, b3 = sn.param(K, H, init="xavier"), sn.param(H, init="zeros")
W4, b4 = sn.param(H, D, init="xavier"), sn.param(D, init="zeros")

A = sn.tanh(X @ W1 + b1)
code = A @ W2 + b2
B = sn.tanh(code @ W3 + b3)
Y = B @ W4 + b4
loss = sn.mse_loss(Y, X)

train = sn.train(data="data/digits.npz", optimizer=sn.Adam(lr=0.003), epochs=40, batch=32, holdout=0.2, log_every=10)

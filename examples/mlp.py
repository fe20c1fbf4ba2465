"""A 784-256-10 network with cross-entropy."""

import symnet as sn

N, D, H, C = sn.dims(N="batch", D=784, H=256, C=10)
X = sn.data(N, D)
t = sn.labels(N, classes=C)
W1, b1 = sn.param(D, H, init="he"), sn.param(H, init="zeros")
W2, b2 = sn.param(H, C, init="he"), sn.param(C, init="zeros")

Z1 = X @ W1 + b1
A = sn.relu(Z1)
Z2 = A @ W2 + b2
loss = sn.mean(sn.cross_entropy(Z2, t))

train = sn.train(lr=0.01, epochs=2, batch=32, samples=100, log_every=1, new_inputs=10)

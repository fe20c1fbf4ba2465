"""A small convolutional network on images of 28x28 pixels: 1-8-16 channels, kernels 3x3, two poolings, ten classes."""

import symnet as sn

N, C = sn.dims(N="batch", C=10)
X = sn.data(N, 1, 28, 28)
t = sn.labels(N, classes=C)
K1, b1 = sn.param(8, 1, 3, 3, init=sn.normal(0, 0.3)), sn.param(8)
K2, b2 = sn.param(16, 8, 3, 3, init=sn.normal(0, 0.1)), sn.param(16)
W, b = sn.param(784, C, init=sn.normal(0, 0.05)), sn.param(C)
h1 = sn.max_pool2d(sn.relu(sn.conv2d(X, K1, b1, padding=1)), 2)
h2 = sn.max_pool2d(sn.relu(sn.conv2d(h1, K2, b2, padding=1)), 2)
logits = h2.flatten(1) @ W + b
loss = sn.cross_entropy(logits, t)

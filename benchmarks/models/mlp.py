"""An MLP of many layers."""

import symnet as sn

LAYERS = 100

N, D = sn.dims(N="batch", D=64)
X = sn.data(N, D)
Y = sn.data(N, D)

Z = X
for _ in range(LAYERS):
    W, b = sn.param(D, D), sn.param(D)
    Z = sn.relu(Z @ W + b)
loss = sn.mse_loss(Z, Y)

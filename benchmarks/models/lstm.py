"""An LSTM of 50 steps, 64 inputs and 64 hidden units, with a squared loss on every output."""

import symnet as sn

T, N, D, H = sn.dims(T=50, N="batch", D=64, H=64)
x = sn.data(T, N, D)
y = sn.data(T, N, H)
lstm = sn.LSTM(D, H)

output, _ = lstm(x)
loss = sn.mse_loss(output, y)

train = sn.train(lr=0.01, steps=10, samples=32)

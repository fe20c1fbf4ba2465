"""One neuron with a sigmoid on one row of five features."""

import symnet as sn

features = sn.data(1, 5)
target = sn.data(1, 1, values=[[1.0]])
weights = sn.param(1, 5)
bias = sn.param(1, 1)

z = features @ weights.T + bias
output = sn.sigmoid(z)
loss = sn.mse_loss(output, target)

train = sn.train(lr=1.0, steps=100)

"""Three features, two hidden units, one output, sigmoids, by matrix products."""

import symnet as sn

n_input, n_hidden, n_output = sn.dims(n_input=3, n_hidden=2, n_output=1)
features = sn.data(1, n_input)
target = sn.data(1, n_output, values=[[1.0]])
W1 = sn.param(n_input, n_hidden, init="normal")
W2 = sn.param(n_hidden, n_output, init="normal")
B1 = sn.param(1, n_hidden, init="normal")
B2 = sn.param(1, n_output, init="normal")

h = sn.sigmoid(features @ W1 + B1)
output = sn.sigmoid(h @ W2 + B2)
loss = sn.binary_cross_entropy(output, target)

train = sn.train(lr=0.5, steps=100)

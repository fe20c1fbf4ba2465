"""Three characters predict the next one, on data/contexts.npz (see data/README.md): embedding, batch norm, tanh."""

import symnet as sn

N, T, V, D, H = sn.dims(N="batch", T=3, V=27, D=10, H=64)
x = sn.labels(N, T, classes=V)
y = sn.labels(N, classes=V)
C = sn.param(V, D, init="normal")
W1 = sn.param(T * D, H, init=sn.normal(0, 0.3))
gain, bias = sn.param(H, init="ones"), sn.param(H, init="zeros")
W2, b2 = sn.param(H, V, init=sn.normal(0, 0.1)), sn.param(V, init="zeros")
running_mean, running_var = sn.buffer(H), sn.buffer(H, init="ones")

emb = sn.embedding(x, C).flatten(1)
pre = emb @ W1  # without a bias: the norm would take it away
act = sn.batch_norm(pre, running_mean, running_var, gain, bias, training=sn.training)
h = sn.tanh(act)
logits = h @ W2 + b2
loss = sn.cross_entropy(logits, y)

train = sn.train(data="data/contexts.npz", lr=0.2, epochs=10, batch=32, holdout=0.1)

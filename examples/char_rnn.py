"""A character RNN on data/text.txt (see data/README.md): 24 letters at a time, each followed by the next."""

import symnet as sn

T, N, V, D, H = sn.dims(T=24, N="batch", V=27, D=16, H=48)
x = sn.labels(T, N, classes=V)
y = sn.labels(T, N, classes=V)
E = sn.param(V, D, init=sn.normal(0, 0.3))
rnn = sn.RNN(D, H)
head = sn.Linear(H, V)

output, _ = rnn(E[x])
logits = head(output)
loss = sn.cross_entropy(logits, y)

train = sn.train(data="data/text.npz", optimizer=sn.Adam(lr=0.01), epochs=20, batch=32, log_every=5)

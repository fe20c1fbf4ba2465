"""Ratings of 120 people for 60 things, a third of them known (see data/README.md): two factors of rank 3."""

import symnet as sn

N, D, K = sn.dims(N=120, D=60, K=3)
R = sn.data(N, D)
B = sn.data(N, D, mask=True)
U, V = sn.param(N, K, init=sn.normal(0, 0.3)), sn.param(D, K, init=sn.normal(0, 0.3))
b = sn.param(D, init="zeros")

E = B * (U @ V.T + b - R)
loss = sn.sum(E**2) / sn.sum(B) + 0.001 * (sn.sum(U**2) + sn.sum(V**2))

train = sn.train(data="data/ratings.npz", optimizer=sn.Adam(lr=0.05), steps=300, log_every=50)

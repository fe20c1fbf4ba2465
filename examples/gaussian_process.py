"""Sixty samples of a wave: a Gaussian process by its likelihood, each of its three positive numbers as a logarithm."""

from sympy import log, pi

import symnet as sn

N = sn.dims(N=60)
X = sn.data(N, values=sn.linspace(0, 6))
y = sn.data(N, values=sn.sin(2 * X) + 0.2 * sn.sin(23 * X))
log_scale, log_length, log_noise = sn.param(init=0.0), sn.param(init=0.5), sn.param(init=0.0)

D = (X[:, None] - X[None, :]) ** 2
R = sn.exp(log_scale - D / (2 * sn.exp(2 * log_length)))
K = R + sn.exp(log_noise) * sn.eye(N)
alpha = sn.solve(K, y)
loss = (y @ alpha + sn.logdet(K) + N * log(2 * pi)) / 2
prediction = R @ alpha

train = sn.train(
    optimizer=sn.Adam(lr=0.05),
    steps=200,
    log_every=40,
    report=f"log of scale {log_scale.item()}, length {log_length.item()}, noise {log_noise.item()}",
)

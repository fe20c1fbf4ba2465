"""A block of a GPT: causal attention with two heads, a network, each after a layer norm and beside its input.

It learns the mean of what came so far, which attention finds with equal weights.
"""

import math

import symnet as sn

N, T, D, H, F = sn.dims(N="batch", T=6, D=8, H=2, F=32)
X = sn.data(N, T, D)
Y = sn.data(N, T, D, values=sn.cumsum(X, 1) / (1 + sn.cumsum(sn.ones(T, 1), 0)))
g1, b1, g2, b2 = (sn.param(D, init=value) for value in ("ones", "zeros", "ones", "zeros"))
Wq, Wk, Wv, Wo = (sn.param(D, D, init="xavier") for _ in range(4))
W1, c1, W2, c2 = sn.param(D, F, init="xavier"), sn.param(F), sn.param(F, D, init="xavier"), sn.param(D)


def heads(x):
    return x.view(N, T, H, D // H).transpose(1, 2)


U = sn.layer_norm(X, (D,), g1, b1)
Q, K, V = heads(U @ Wq), heads(U @ Wk), heads(U @ Wv)
S = Q @ K.transpose(2, 3) / (D // H) ** 0.5
ahead = sn.triu(sn.ones(T, T), diagonal=1) > 0
P = sn.softmax(S.masked_fill(ahead, -math.inf), dim=3)
O = P @ V
A = X + O.transpose(1, 2).reshape(N, T, D) @ Wo
B = sn.layer_norm(A, (D,), g2, b2)
Z = B @ W1 + c1
G = sn.gelu(Z)
out = A + G @ W2 + c2
loss = sn.mse_loss(out, Y)

train = sn.train(optimizer=sn.Adam(lr=0.01), steps=200, batch=64, samples=512, log_every=40)

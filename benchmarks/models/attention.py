"""Causal attention over 128 positions in four heads of 16, with its four projections and a squared loss."""

import symnet as sn

N = sn.dims(N="batch")
T, E = 128, 64
x = sn.data(N, T, E)
y = sn.data(N, T, E)
Wq, Wk, Wv, Wo = (sn.param(E, E, init=sn.normal(0, 0.125)) for _ in range(4))


def heads(a):
    """[N,T,E] as [N,4,T,16]."""
    return a.reshape(N, T, 4, 16).transpose(1, 2)


Q, K, V = heads(x @ Wq), heads(x @ Wk), heads(x @ Wv)
O = sn.scaled_dot_product_attention(Q, K, V, is_causal=True)
output = O.transpose(1, 2).reshape(N, T, E) @ Wo
loss = sn.mse_loss(output, y)

train = sn.train(lr=0.01, steps=10, samples=8)

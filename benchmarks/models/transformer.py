"""A transformer of many layers as a person writes it: layer norm with its parts named, attention, an MLP, residuals."""

import symnet as sn

LAYERS = 24

T, D, H, C = sn.dims(T="batch", D=64, H=256, C=100)
X = sn.data(T, D)
t = sn.labels(T, classes=C)


def layer_norm(x, gamma, beta):
    mu = x.mean(1, keepdim=True)
    c = x - mu
    v = (c**2).mean(1, keepdim=True)
    sd = sn.sqrt(v + 1e-5)
    xh = c / sd
    return gamma * xh + beta


def attention(y):
    Wq, Wk, Wv, Wo = sn.param(D, D), sn.param(D, D), sn.param(D, D), sn.param(D, D)
    bq, bk, bv, bo = sn.param(D), sn.param(D), sn.param(D), sn.param(D)
    Q = y @ Wq + bq
    K = y @ Wk + bk
    V = y @ Wv + bv
    S = Q @ K.T / D**0.5
    P = sn.softmax(S, 1)
    O = P @ V
    return O @ Wo + bo


def mlp(u):
    W1, e1, W2, e2 = sn.param(D, H), sn.param(H), sn.param(H, D), sn.param(D)
    M = sn.gelu(u @ W1 + e1)
    return M @ W2 + e2


x = X
for _ in range(LAYERS):
    g1, b1, g2, b2 = sn.param(D), sn.param(D), sn.param(D), sn.param(D)
    Y = layer_norm(x, g1, b1)
    A = x + attention(Y)
    U = layer_norm(A, g2, b2)
    x = A + mlp(U)
W, b = sn.param(D, C), sn.param(C)
logits = x @ W + b
loss = sn.cross_entropy(logits, t)

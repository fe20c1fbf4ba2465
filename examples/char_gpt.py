"""A small GPT on data/text.txt (see data/README.md): two layers, causal attention of two heads, tied embeddings."""

import math

import symnet as sn

N, T, V, D, H, F = sn.dims(N="batch", T=24, V=27, D=24, H=2, F=96)
x = sn.labels(T, N, classes=V)
y = sn.labels(T, N, classes=V)
ahead = sn.triu(sn.ones(T, T), diagonal=1) > 0


class Block(sn.Module):
    def __init__(self):
        self.g1, self.b1, self.g2, self.b2 = (sn.param(D, init=value) for value in ("ones", "zeros") * 2)
        self.wq, self.wk, self.wv, self.wo = (sn.param(D, D, init="xavier") for _ in range(4))
        self.w1, self.c1, self.w2, self.c2 = sn.param(D, F, init="he"), sn.param(F), sn.param(F, D), sn.param(D)

    def forward(self, h):
        u = sn.layer_norm(h, (D,), self.g1, self.b1)
        q = (u @ self.wq).view(N, T, H, D // H).transpose(1, 2)
        k = (u @ self.wk).view(N, T, H, D // H).transpose(1, 2)
        v = (u @ self.wv).view(N, T, H, D // H).transpose(1, 2)
        s = q @ k.transpose(2, 3) / (D // H) ** 0.5
        p = sn.softmax(s.masked_fill(ahead, -math.inf), dim=3)
        o = p @ v
        a = h + o.transpose(1, 2).reshape(N, T, D) @ self.wo
        m = sn.layer_norm(a, (D,), self.g2, self.b2)
        z = m @ self.w1 + self.c1
        f = sn.gelu(z)
        out = a + f @ self.w2 + self.c2
        return out


class GPT(sn.Module):
    def __init__(self):
        self.token, self.place = sn.param(V, D, init=sn.normal(0, 0.1)), sn.param(T, D, init=sn.normal(0, 0.1))
        self.blocks = [Block(), Block()]
        self.g, self.b = sn.param(D, init="ones"), sn.param(D, init="zeros")

    def forward(self, tokens):
        h = self.token[tokens] + self.place
        for block in self.blocks:
            h = block(h)
        n = sn.layer_norm(h, (D,), self.g, self.b)
        return n @ self.token.T  # the rows that stand for a letter score it too


gpt = GPT()
logits = gpt(x.T)
loss = sn.cross_entropy(logits, y.T)

train = sn.train(data="data/text.npz", optimizer=sn.Adam(lr=0.01), epochs=20, batch=32, log_every=5)

import torch
import torch.nn.functional as F
from torch import nn

import symnet as sn


class CharRNN(nn.Module):
    def __init__(self, V=5, E=3, H=4, L=2):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.gru = nn.GRU(E, H, L, batch_first=True)
        self.fc = nn.Linear(H, V)
        self.L = L
        self.H = H

    def init_hidden(self, n):
        return torch.zeros(self.L, n, self.H)

    def forward(self, x):
        h = torch.zeros(self.L, x.size(0), self.H, dtype=self.fc.weight.dtype)
        out, h = self.gru(self.embedding(x), h)
        return self.fc(out)


def build():
    return CharRNN()


def loss_of(net, x, t):
    out = net(x)
    return F.cross_entropy(out.reshape(-1, 5), t.reshape(-1))


N = sn.dims(N="batch")
X = sn.labels(N, 6, classes=5)
t = sn.labels(N, 6, classes=5)
net = sn.from_torch(build())
loss = loss_of(net, X, t)

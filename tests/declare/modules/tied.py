import torch
import torch.nn.functional as F
from torch import nn

import symnet as sn


class Tied(nn.Module):
    """Words, positions, a mask kept as a buffer, and a head that shares the words' numbers."""

    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(6, 4)
        self.wpe = nn.Embedding(3, 4)
        self.fc = nn.Linear(4, 4)
        self.head = nn.Linear(4, 6, bias=False)
        self.head.weight = self.wte.weight
        self.register_buffer("mask", torch.tril(torch.ones(3, 3)))

    def forward(self, i):
        x = self.wte(i) + self.wpe(torch.arange(i.size(1), device=i.device))
        shares = (x @ x.transpose(1, 2)).masked_fill(self.mask == 0, float("-inf")).softmax(-1)
        return self.head(torch.tanh(self.fc(shares @ x)))


def build():
    return Tied()


def loss_of(net, i, t):
    return F.cross_entropy(net(i).reshape(-1, 6), t.reshape(-1))


N = sn.dims(N="batch")
i = sn.labels(N, 3, classes=6)
t = sn.labels(N, 3, classes=6)
net = sn.from_torch(build())
loss = loss_of(net, i, t)
train = sn.train(optimizer=sn.SGD(lr=0.3, momentum=0.9), steps=10)

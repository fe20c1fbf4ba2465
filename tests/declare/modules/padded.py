import torch
import torch.nn.functional as F
from torch import nn

import symnet as sn


class Padded(nn.Module):
    """Words with a row for padding, through which no gradient flows when it is looked up; the head trains it."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(7, 3, padding_idx=2)
        self.head = nn.Linear(3, 7, bias=False)
        self.head.weight = self.words.weight

    def forward(self, i):
        return self.head(torch.tanh(self.words(i)).mean(1))


def build():
    return Padded()


def loss_of(net, i, t):
    return F.cross_entropy(net(i), t)


N = sn.dims(N="batch")
i = sn.labels(N, 4, classes=7)
t = sn.labels(N, classes=7)
net = sn.from_torch(build())
loss = loss_of(net, i, t)
train = sn.train(optimizer=sn.SGD(lr=0.3, momentum=0.9), steps=10)

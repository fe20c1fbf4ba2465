import torch
import torch.nn.functional as F
from torch import nn

import symnet as sn


class Head(nn.Module):
    """A head on frozen words and a frozen layer used twice, with buffers: numbers, a mask, places, one number."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.words = nn.Embedding(6, 4)
        self.words.weight.requires_grad_(False)
        self.fc = nn.Linear(4, 4).requires_grad_(False)
        self.again = self.fc
        self.out = nn.Linear(4, 3)
        self.out.bias.requires_grad_(False)
        self.register_buffer("pe", torch.sin(torch.arange(12.0)).reshape(3, 4))
        self.register_buffer("mask", torch.tril(torch.ones(3, 3)))
        self.register_buffer("order", torch.tensor([2, 0, 1]))
        self.register_buffer("scale", torch.tensor(0.5))
        self.register_buffer("share", torch.tensor([1.0, 2.0, 4.0]))

    def forward(self, i):
        x = self.words(i) + self.pe[: i.size(1)].requires_grad_(False)
        a = (self.mask @ x)[:, self.order] * self.scale
        return self.out(torch.tanh(self.fc(a)).mean(1) + torch.sin(self.again(a)).sum(1))


def build():
    return Head()


def loss_of(net, i, t):
    return F.cross_entropy(net(i), t, weight=net.share)


N = sn.dims(N="batch")
i = sn.labels(N, 3, classes=6)
t = sn.labels(N, classes=3)
net = sn.from_torch(build())
loss = loss_of(net, i, t)
train = sn.train(optimizer=sn.SGD(lr=0.3, momentum=0.9), steps=10)

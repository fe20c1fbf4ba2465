import torch
import torch.nn.functional as F
from torch import nn

import symnet as sn


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2))

    def forward_once(self, x):
        return self.net(x)

    def forward(self, a, b):
        return self.forward_once(a), self.forward_once(b)


class ContrastiveLoss(nn.Module):
    def __init__(self, margin=1.0):
        super().__init__()
        self.margin = margin

    def forward(self, o1, o2, label):
        d = F.pairwise_distance(o1, o2)
        return torch.mean((1 - label) * torch.pow(d, 2) + label * torch.pow(torch.clamp(self.margin - d, min=0.0), 2))


def build():
    return Siamese()


def loss_of(net, a, b, y):
    return ContrastiveLoss()(*net(a, b), y)


N = sn.dims(N="batch")
A = sn.data(N, 5)
B = sn.data(N, 5)
y = sn.data(N)
net = sn.from_torch(build())
loss = loss_of(net, A, B, y)

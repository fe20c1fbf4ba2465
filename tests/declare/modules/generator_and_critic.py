import torch
import torch.nn.functional as F
from torch import nn

import symnet as sn


class Gen(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(4, 3, 3, 1, 0, bias=False),
            nn.BatchNorm2d(3, track_running_stats=False),
            nn.ReLU(True),
            nn.ConvTranspose2d(3, 1, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, z):
        return self.main(z)


class Disc(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(1, 2, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(2, 1, 3, 1, 0, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return self.main(x).view(-1, 1).squeeze(1)


class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.g = Gen()
        self.d = Disc()

    def forward(self, z):
        return self.d(self.g(z))


def build():
    return Both()


def loss_of(net, z):
    p = net(z)
    return F.binary_cross_entropy(p, torch.ones_like(p))


N = sn.dims(N="batch")
X = sn.data(N, 4, 1, 1)
net = sn.from_torch(build())
loss = loss_of(net, X)

import torch.nn.functional as F
from torch import nn

import symnet as sn


def build():
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(inplace=True), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 3))


def loss_of(net, x, t):
    return F.cross_entropy(net(x), t)


N = sn.dims(N="batch")
X = sn.data(N, 6)
t = sn.labels(N, classes=3)
net = sn.from_torch(build())
loss = loss_of(net, X, t)

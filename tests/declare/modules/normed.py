import torch.nn.functional as F
from torch import nn

import symnet as sn


def build():
    return nn.Sequential(nn.Conv1d(2, 3, 2, bias=False), nn.BatchNorm1d(3), nn.ReLU(), nn.Flatten(), nn.Linear(9, 1))


def loss_of(net, x, y):
    return F.mse_loss(net(x), y)


N = sn.dims(N="batch")
x = sn.data(N, 2, 4)
y = sn.data(N, 1)
net = sn.from_torch(build())
loss = loss_of(net, x, y)

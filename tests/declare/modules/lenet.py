import torch
import torch.nn.functional as F
from torch import nn

import symnet as sn


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 3, 3)
        self.conv2 = nn.Conv2d(3, 4, 3)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc1 = nn.Linear(4 * 1 * 1, 8)
        self.fc2 = nn.Linear(8, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))
        return F.log_softmax(self.fc2(x), dim=1)


def build():
    return LeNet()


def loss_of(net, x, t):
    return F.nll_loss(net(x), t)


N = sn.dims(N="batch")
X = sn.data(N, 1, 10, 10)
t = sn.labels(N, classes=10)
net = sn.from_torch(build())
loss = loss_of(net, X, t)

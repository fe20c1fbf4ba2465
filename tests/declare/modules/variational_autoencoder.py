import torch
import torch.nn.functional as F
from torch import nn

import symnet as sn


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(8, 6)
        self.fc21 = nn.Linear(6, 2)
        self.fc22 = nn.Linear(6, 2)
        self.fc3 = nn.Linear(2, 6)
        self.fc4 = nn.Linear(6, 8)

    def encode(self, x):
        h1 = F.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x, eps):
        mu, logvar = self.encode(x.view(-1, 8))
        std = torch.exp(0.5 * logvar)
        z = mu + eps * std
        return self.decode(z), mu, logvar


def build():
    return VAE()


def loss_of(net, x, eps):
    x = torch.sigmoid(x)
    r, mu, logvar = net(x, eps)
    return F.binary_cross_entropy(r, x, reduction="sum") - 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())


N = sn.dims(N="batch")
X = sn.data(N, 8)
eps = sn.data(N, 2)
net = sn.from_torch(build())
loss = loss_of(net, X, eps)

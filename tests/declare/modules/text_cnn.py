import torch
import torch.nn.functional as F
from torch import nn

import symnet as sn


class TextCNN(nn.Module):
    def __init__(self, V=9, E=4, K=(2, 3)):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.convs = nn.ModuleList([nn.Conv2d(1, 3, (k, E)) for k in K])
        self.fc = nn.Linear(3 * len(K), 2)
        self.dropout = nn.Dropout(0.0)

    def forward(self, x):
        e = self.embedding(x).unsqueeze(1)
        c = [F.relu(conv(e)).squeeze(3) for conv in self.convs]
        p = [F.max_pool1d(i, i.shape[2]).squeeze(2) for i in c]
        return self.fc(self.dropout(torch.cat(p, dim=1)))


def build():
    return TextCNN()


def loss_of(net, x, t):
    return F.cross_entropy(net(x), t)


N = sn.dims(N="batch")
X = sn.labels(N, 6, classes=9)
t = sn.labels(N, classes=2)
net = sn.from_torch(build())
loss = loss_of(net, X, t)

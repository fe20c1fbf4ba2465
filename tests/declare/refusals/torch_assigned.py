import torch
from torch import nn

import symnet as sn

N = sn.dims(N="batch")
X = sn.data(N, 3)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def forward(self, x):
        y = self.fc(x)
        first = y[:, 0]
        y[:, 0] = 0
        return y * first.sum()


loss = sn.from_torch(Net())(X).sum()

import torch
from torch import nn

import symnet as sn

N = sn.dims(N="batch")
X = sn.data(N, 3)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.fc(x)
        first = y[:, :1]
        z = self.relu(y)
        return z + first


loss = sn.from_torch(Net())(X).sum()

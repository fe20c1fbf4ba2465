import torch
from torch import nn

import symnet as sn

N = sn.dims(N="batch")
X = sn.data(N, 3)
scale = nn.Parameter(torch.ones(2))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def forward(self, x):
        return self.fc(x) * scale


loss = sn.from_torch(Net())(X).sum()

import torch
from torch import nn

import symnet as sn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.phase = nn.Parameter(torch.ones(3, dtype=torch.complex64))

    def forward(self, x):
        return (x * self.phase.real).sum()


loss = sn.from_torch(Net())(sn.data(4, 3))

import torch
from torch import nn

import symnet as sn

N = sn.dims(N="batch")
X = sn.data(N, 3)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(3, 2)

    def forward(self, x):
        h = torch.empty(x.size(0), 2)
        return self.cell(x, h)


loss = sn.from_torch(Net())(X).sum()

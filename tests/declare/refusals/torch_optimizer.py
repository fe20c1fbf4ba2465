import torch
from torch import nn

import symnet as sn

N = sn.dims(N="batch")
X = sn.data(N, 3)
net = sn.from_torch(nn.Linear(3, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
loss = net(X).sum()

import torch
from torch import nn

import symnet as sn

N = sn.dims(N="batch")
X = sn.data(N, 3)
net = sn.from_torch(nn.Linear)
loss = net(X).sum()

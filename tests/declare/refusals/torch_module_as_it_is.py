import torch
from torch import nn

import symnet as sn

N = sn.dims(N="batch")
X = sn.data(N, 3)
net = nn.Linear(3, 2)
loss = net(X).sum()

import torch
from torch import nn

import symnet as sn

N = sn.dims(N="batch")
X = sn.data(N, 3)
net = sn.from_torch(nn.LSTM(3, 4, proj_size=2))
loss = net(X)[0].sum()

from torch import nn

import symnet as sn

N = sn.dims(N="batch")
X = sn.data(N, 3)
net = sn.from_torch(nn.BatchNorm1d(3, momentum=None))
loss = net(X).sum()

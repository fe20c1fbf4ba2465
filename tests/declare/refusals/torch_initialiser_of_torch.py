from torch import nn

import symnet as sn

W = sn.param(3, 5)
nn.init.kaiming_uniform_(W, nonlinearity="relu")
loss = (sn.data(4, 3) @ W).sum()

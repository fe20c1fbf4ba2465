import torch
from torch import nn

import symnet as sn

N = sn.dims(N="batch")
X = sn.data(N, 3)
own = nn.Linear(3, 2)
own.register_forward_hook(lambda module, args, output: output * 2)
net = sn.from_torch(own)
loss = net(X).sum()

import torch

import symnet as sn

N, D = sn.dims(N="batch", D=2)
x = sn.data(N, D)
w = sn.param(D)

loss = sn.sum((x @ w) * torch.arange(N)[:])

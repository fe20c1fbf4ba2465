import torch

import symnet as sn

w = sn.param(3)
loss = torch.func.grad(lambda a: torch.tanh(a).sum())(w).sum()

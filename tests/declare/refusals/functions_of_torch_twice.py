import torch

import symnet as sn

w = sn.param(3)
H = torch.func.hessian(lambda a: torch.tanh(a).sum())(w)
loss = sn.sum(H)

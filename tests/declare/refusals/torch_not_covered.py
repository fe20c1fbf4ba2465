import torch

import symnet as sn

x = sn.param(4)
loss = torch.sum(torch.special.bessel_j0(x))

import torch

import symnet as sn

w = sn.param(3)
J = torch.autograd.functional.jacobian(torch.tanh, w)
loss = sn.sum(J)

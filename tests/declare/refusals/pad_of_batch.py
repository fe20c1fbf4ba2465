import torch.nn.functional as F

import symnet as sn

N, D = sn.dims(N="batch", D=2)
x = sn.param(D)

loss = sn.sum(F.pad(x, (0, N)))

import warnings

from torch import nn

import symnet as sn

warnings.simplefilter("ignore")
net = sn.from_torch(nn.utils.weight_norm(nn.Linear(3, 2)))
loss = net(sn.data(3)).sum()

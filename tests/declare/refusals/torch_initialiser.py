from torch import nn

import symnet as sn

net = sn.from_torch(nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2)))
nn.init.xavier_normal_(net[0].weight)
loss = net(sn.data(4, 3)).sum()

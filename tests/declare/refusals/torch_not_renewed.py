from torch import nn
from torch.nn import functional as F

import symnet as sn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.norm = nn.Linear(3, 2), nn.BatchNorm1d(2)

    def forward(self, x):
        return F.batch_norm(self.layer(x), self.norm.running_mean, self.norm.running_var).sum()


loss = sn.from_torch(Net())(sn.data(4, 3))

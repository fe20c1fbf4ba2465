import threading

from torch import nn

import symnet as sn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 1)
        self.lock = threading.Lock()

    def forward(self, x):
        return self.layer(x).sum()


loss = sn.from_torch(Net())(sn.data(4, 3))

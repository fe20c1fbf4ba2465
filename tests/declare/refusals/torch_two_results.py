from torch import nn

import symnet as sn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def forward(self, x):
        y = self.fc(x)
        return (y, y * 2) if self.training else y


N = sn.dims(N="batch")
X = sn.data(N, 3)
net = sn.from_torch(Net())
loss = net(X)[0].sum()

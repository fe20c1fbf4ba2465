from torch import nn

import symnet as sn


class AE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(8, 6), nn.ReLU(True), nn.Linear(6, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 6), nn.ReLU(True), nn.Linear(6, 8), nn.Sigmoid())

    def forward(self, x):
        return self.decoder(self.encoder(x))


def build():
    return AE()


def loss_of(net, x):
    return nn.MSELoss()(net(x), x)


N = sn.dims(N="batch")
X = sn.data(N, 8)
net = sn.from_torch(build())
loss = loss_of(net, X)

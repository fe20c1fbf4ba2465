import torch
from torch import nn

import symnet as sn


def double_conv(i, o):
    return nn.Sequential(
        nn.Conv2d(i, o, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(o, o, 3, padding=1), nn.ReLU(inplace=True)
    )


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down1 = double_conv(1, 2)
        self.pool = nn.MaxPool2d(2)
        self.down2 = double_conv(2, 3)
        self.up = nn.ConvTranspose2d(3, 2, 2, stride=2)
        self.conv = double_conv(4, 2)
        self.out = nn.Conv2d(2, 1, 1)

    def forward(self, x):
        c1 = self.down1(x)
        x = self.down2(self.pool(c1))
        x = self.up(x)
        x = torch.cat([x, c1], dim=1)
        return self.out(self.conv(x))


def build():
    return UNet()


def loss_of(net, x, y):
    return nn.BCEWithLogitsLoss()(net(x), y)


N = sn.dims(N="batch")
X = sn.data(N, 1, 8, 8)
Y = sn.data(N, 1, 8, 8, mask=False)
net = sn.from_torch(build())
loss = loss_of(net, X, Y)

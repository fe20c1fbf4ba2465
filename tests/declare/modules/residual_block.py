from torch import nn

import symnet as sn


class BasicBlock(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout, track_running_stats=False)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout, track_running_stats=False)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = nn.Sequential()
        if stride != 1 or cin != cout:
            self.shortcut = nn.Sequential(
                nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout, track_running_stats=False)
            )

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return self.relu(out)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.b1 = BasicBlock(2, 2)
        self.b2 = BasicBlock(2, 3, 2)
        self.fc = nn.Linear(3, 2)

    def forward(self, x):
        x = self.b2(self.b1(x))
        x = x.mean(dim=(2, 3))
        return self.fc(x)


def build():
    return Net()


def loss_of(net, x, t):
    return nn.CrossEntropyLoss()(net(x), t)


N = sn.dims(N="batch")
X = sn.data(N, 2, 6, 6)
t = sn.labels(N, classes=2)
net = sn.from_torch(build())
loss = loss_of(net, X, t)

from torch import nn

import symnet as sn


class AlexNet(nn.Module):
    def __init__(self, num_classes=3):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 4, 3, stride=2, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(4, 4, 3, padding=1),
            nn.ReLU(inplace=True),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((2, 2))
        self.classifier = nn.Sequential(
            nn.Dropout(0.0), nn.Linear(16, 8), nn.ReLU(inplace=True), nn.Linear(8, num_classes)
        )

    def forward(self, x):
        x = self.features(x)
        x = self.avgpool(x)
        x = x.view(x.size(0), -1)
        return self.classifier(x)


def build():
    return AlexNet()


def loss_of(net, x, t):
    return nn.CrossEntropyLoss()(net(x), t)


N = sn.dims(N="batch")
X = sn.data(N, 3, 12, 12)
t = sn.labels(N, classes=3)
net = sn.from_torch(build())
loss = loss_of(net, X, t)

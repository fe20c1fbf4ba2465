"""Handwritten digits, 8x8 pixels, 1797 rows (see data/README.md): a small convolutional network."""

import symnet as sn

N, D, C = sn.dims(N="batch", D=64, C=10)
X = sn.data(N, D)
t = sn.labels(N, classes=C)


class Net(sn.Module):
    def __init__(self):
        self.conv1 = sn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = sn.Conv2d(8, 16, 3, padding=1)
        self.fc = sn.Linear(256, C)

    def forward(self, X):
        images = X.view(N, 1, 8, 8)
        h = sn.max_pool2d(sn.relu(self.conv1(images)), 2)
        g = sn.relu(self.conv2(h))
        return self.fc(g.flatten(1))


net = Net()
logits = net(X)
loss = sn.cross_entropy(logits, t)

train = sn.train(data="data/digits.npz", optimizer=sn.Adam(lr=0.002), epochs=25, batch=32, holdout=0.2, log_every=5)

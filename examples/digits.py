"""Handwritten digits, 8x8 pixels, 1797 rows (see data/README.md): a 64-32-10 network."""

import symnet as sn

N, D, H, C = sn.dims(N="batch", D=64, H=32, C=10)
X = sn.data(N, D)
t = sn.labels(N, classes=C)


class Net(sn.Module):
    def __init__(self):
        self.fc1 = sn.Linear(D, H)
        self.fc2 = sn.Linear(H, C)

    def forward(self, X):
        h = sn.relu(self.fc1(X))
        return self.fc2(h)


net = Net()
logits = net(X)
loss = sn.cross_entropy(logits, t)

train = sn.train(
    data="data/digits.npz", optimizer=sn.SGD(lr=0.1, momentum=0.9), epochs=30, batch=32, holdout=0.2, log_every=5
)

"""Handwritten digits, 8x8 pixels, 1797 rows (see data/README.md): a 64-32-10 network and the usual ways to train it."""

import symnet as sn

N, D, H, C = sn.dims(N="batch", D=64, H=32, C=10)
X = sn.data(N, D)
t = sn.labels(N, classes=C)


class Net(sn.Module):
    def __init__(self):
        self.fc1 = sn.Linear(D, H)
        self.fc2 = sn.Linear(H, C)
        sn.init.kaiming_normal_(self.fc1.weight, nonlinearity="relu")

    def forward(self, X):
        h = sn.relu(self.fc1(X))
        return self.fc2(h)


net = Net()
logits = net(X)
loss = sn.cross_entropy(logits, t)

train = sn.train(
    data="data/digits.npz",
    optimizer=sn.AdamW(lr=0.01, weight_decay=0.1),
    groups=[{"params": "*.bias", "weight_decay": 0.0}],
    schedule=sn.SequentialLR([sn.LinearLR(0.1, total_iters=3), sn.CosineAnnealingLR(T_max=27)], milestones=[3]),
    clip=sn.clip_grad_norm_(1.0),
    early_stopping=sn.EarlyStopping(patience=6),
    epochs=30,
    batch=32,
    holdout=0.2,
    log_every=5,
)

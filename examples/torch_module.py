"""A module of torch as its tutorials write one, here on handwritten digits, 8x8 pixels (see data/README.md)."""

from torch import nn

import symnet as sn


class NeuralNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.linear_relu_stack = nn.Sequential(
            nn.Linear(8 * 8, 32),
            nn.ReLU(),
            nn.Linear(32, 32),
            nn.ReLU(),
            nn.Linear(32, 10),
        )

    def forward(self, x):
        x = self.flatten(x)
        logits = self.linear_relu_stack(x)
        return logits


N = sn.dims(N="batch")
X = sn.data(N, 64)
t = sn.labels(N, classes=10)

model = sn.from_torch(NeuralNetwork())
loss_fn = nn.CrossEntropyLoss()
loss = loss_fn(model(X), t)

train = sn.train(
    data="data/digits.npz", optimizer=sn.SGD(lr=0.1, momentum=0.9), epochs=30, batch=32, holdout=0.2, log_every=5
)

import symnet as sn

N = sn.dims(N="batch")
X = sn.data(N, 3)


class Net(sn.Module):
    def __init__(self):
        self.first = sn.Linear(3, 4, activation="relu")

    def forward(self, x):
        return self.first(x)


loss = Net()(X).sum()

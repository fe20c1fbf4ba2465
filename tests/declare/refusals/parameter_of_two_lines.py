import symnet as sn


class Net(sn.Module):
    def __init__(self):
        setattr(self, "first\nsecond", sn.param(3))

    def forward(self, x):
        return getattr(self, "first\nsecond") * x


net = Net()
loss = net(sn.data(3)).sum()

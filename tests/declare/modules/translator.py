import torch
from torch import nn

import symnet as sn


class Encoder(nn.Module):
    def __init__(self, V, E, H):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.rnn = nn.LSTM(E, H)

    def forward(self, src):
        _out, (h, c) = self.rnn(self.embedding(src))
        return h, c


class Decoder(nn.Module):
    def __init__(self, V, E, H):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.rnn = nn.LSTM(E, H)
        self.fc = nn.Linear(H, V)

    def forward(self, x, h, c):
        x = x.unsqueeze(0)
        out, (h, c) = self.rnn(self.embedding(x), (h, c))
        return self.fc(out.squeeze(0)), h, c


class S2S(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Encoder(5, 3, 4)
        self.decoder = Decoder(6, 3, 4)

    def forward(self, src, trg):
        h, c = self.encoder(src)
        outs = []
        for t in range(trg.shape[0] - 1):
            o, h, c = self.decoder(trg[t], h, c)
            outs.append(o)
        return torch.stack(outs)


def build():
    return S2S()


def loss_of(net, src, trg):
    out = net(src, trg)
    return nn.CrossEntropyLoss()(out.view(-1, 6), trg[1:].reshape(-1))


N = sn.dims(N="batch")
src = sn.labels(2, N, classes=5)
trg = sn.labels(3, N, classes=6)
net = sn.from_torch(build())
loss = loss_of(net, src, trg)

import torch.nn.functional as F
from torch import nn

import symnet as sn


class LSTMTagger(nn.Module):
    def __init__(self, E=3, H=4, V=6, T=3):
        super().__init__()
        self.hidden_dim = H
        self.word_embeddings = nn.Embedding(V, E)
        self.lstm = nn.LSTM(E, H)
        self.hidden2tag = nn.Linear(H, T)

    def forward(self, sentence):
        embeds = self.word_embeddings(sentence)
        lstm_out, _ = self.lstm(embeds.view(len(sentence), 1, -1))
        tag_space = self.hidden2tag(lstm_out.view(len(sentence), -1))
        return F.log_softmax(tag_space, dim=1)


def build():
    return LSTMTagger()


def loss_of(net, s, t):
    return nn.NLLLoss()(net(s), t)


s = sn.labels(5, classes=6)
t = sn.labels(5, classes=3)
net = sn.from_torch(build())
loss = loss_of(net, s, t)

import symnet as sn

x, w = sn.data(4), sn.param(4)
sn.train(epochs=3)
loss = sn.mean(x * w)

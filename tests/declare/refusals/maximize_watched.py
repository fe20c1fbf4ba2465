import symnet as sn

x = sn.data(3)
w = sn.param(3)
loss = -sn.sum((w - x) ** 2)
train = sn.train(optimizer=sn.Adam(maximize=True), epochs=3, early_stopping=sn.EarlyStopping(patience=2))

import symnet as sn

x = sn.param()
loss = x**2
train = sn.train(report="x = {x.__class__}")

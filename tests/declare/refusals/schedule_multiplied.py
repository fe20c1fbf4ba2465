import symnet as sn

N, D = sn.dims(N="batch", D=3)
x = sn.data(N, D)
w = sn.param(D)
loss = sn.mean((x @ w) ** 2)
train = sn.train(schedule=sn.MultiplicativeLR(0.9))

import symnet as sn

N = sn.dims(N="batch")
x = sn.data(N)
w, b = sn.param(), sn.param()
loss = sn.mean((w * x + b) ** 2)
train = sn.train(lr=0.1, schedule=sn.CyclicLR(0.01, 0.1))

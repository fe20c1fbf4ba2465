import symnet as sn

N = sn.dims(N="batch")
x = sn.data(N)
w, b = sn.param(), sn.param()
loss = sn.mean((w * x + b) ** 2)
train = sn.train(schedule=sn.ChainedScheduler([sn.LinearLR(), 0.5]))

import symnet as sn

N = sn.dims(N="batch")
x = sn.data(N)
w, b = sn.param(), sn.param()
loss = sn.mean((w * x + b) ** 2)
train = sn.train(schedule=sn.LambdaLR(lambda t: 1 if t < 10 else 0.1))

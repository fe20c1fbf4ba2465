"""Linear regression as Linear(1, 1) with the mean squared error: 15 points, 1000 epochs."""

import symnet as sn

N = sn.dims(N="batch")
hours = [0.3, 0.9, 1.4, 2.1, 2.6, 3.2, 3.9, 4.3, 5.0, 5.7, 6.1, 6.8, 7.4, 8.2, 8.9]
marks = [1.1, 1.9, 2.2, 3.4, 3.3, 4.6, 4.9, 5.8, 5.9, 7.1, 7.0, 8.3, 8.6, 9.1, 10.4]
x = sn.data(N, 1, values=[[value] for value in hours])
y = sn.data(N, 1, values=[[value] for value in marks])

model = sn.Linear(1, 1)
y_pred = model(x)
loss = sn.MSELoss()(y_pred, y)

train = sn.train(lr=0.01, epochs=1000, log_every=100)

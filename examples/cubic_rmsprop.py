"""The cubic fit as Linear(3, 1), trained by RMSprop."""

import math

import symnet as sn

N = sn.dims(N="batch")
x = sn.data(N, values=sn.linspace(-math.pi, math.pi))
y = sn.data(N, values=sn.sin(x))
xx = sn.stack([x, x**2, x**3], dim=1)

model = sn.Sequential(sn.Linear(3, 1), sn.Flatten(0, 1))
loss_fn = sn.MSELoss(reduction="sum")
y_pred = model(xx)
loss = loss_fn(y_pred, y)

linear = model[0]
train = sn.train(
    optimizer=sn.RMSprop(lr=1e-3),
    steps=2000,
    samples=2000,
    report=f"Result: y = {linear.bias.item()} + {linear.weight[:, 0].item()} x"
    f" + {linear.weight[:, 1].item()} x^2 + {linear.weight[:, 2].item()} x^3",
)

"""The cubic fit as a module of one's own, with a method that shows the fitted polynomial."""

import math

import symnet as sn


class Polynomial3(sn.Module):
    def __init__(self):
        self.a, self.b, self.c, self.d = sn.params(4)

    def forward(self, x):
        return self.a + self.b * x + self.c * x**2 + self.d * x**3

    def string(self):
        return f"y = {self.a.item()} + {self.b.item()} x + {self.c.item()} x^2 + {self.d.item()} x^3"


N = sn.dims(N="batch")
x = sn.data(N, values=sn.linspace(-math.pi, math.pi))
y = sn.data(N, values=sn.sin(x))

model = Polynomial3()
y_pred = model(x)
loss = sn.mse_loss(y_pred, y, reduction="sum")

train = sn.train(lr=1e-6, steps=2000, samples=2000, report=f"Result: {model.string()}")

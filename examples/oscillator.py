"""A physics-informed fit: a network that obeys u'' + 2 u' + 10 u = 0 with u(0) = 1 and u'(0) = 0.

No solution is given to it, only the equation at 40 times; the true one is exp(-t) (cos(3t) + sin(3t)/3).
"""

import symnet as sn

N, H = sn.dims(N="batch", H=16)
t = sn.data(N, 1, values=sn.linspace(0.0, 2.0))
W1, b1 = sn.param(1, H, init="normal"), sn.param(H, init="normal")
W2, b2 = sn.param(H, 1, init="xavier"), sn.param(1, init="zeros")

h = sn.tanh(t @ W1 + b1)
u = 1 + t**2 * (h @ W2 + b2)  # both conditions hold at t = 0
u_t = sn.grad(u.sum(), t)
u_tt = sn.grad(u_t.sum(), t)
residual = u_tt + 2 * u_t + 10 * u
loss = sn.mean(residual**2)
prediction = u

train = sn.train(optimizer=sn.Adam(lr=0.02), steps=1500, samples=40, log_every=300)

"""A critic that tells a ring from noise, with a penalty on its input gradient (Gulrajani et al., arXiv 1704.00028).

Between the two kinds of points the norm of the gradient is pushed to 1: then the difference of the critic's means is
how far the noise has to be moved to become the ring (Wasserstein's distance): 2 - sqrt(pi/8) = 1.373.
"""

import symnet as sn

N, H = sn.dims(N="batch", H=32)
angle = sn.data(N, values=sn.uniform(0.0, 6.2831853))
noise = sn.data(N, 2, values=sn.normal(0.0, 0.5))
W1, b1 = sn.param(2, H, init="xavier"), sn.param(H, init="zeros")
W2, b2 = sn.param(H, H, init="xavier"), sn.param(H, init="zeros")
w3 = sn.param(H, init="normal")


def critic(points):
    return sn.tanh(sn.tanh(points @ W1 + b1) @ W2 + b2) @ w3


ring = 2 * sn.stack([sn.cos(angle), sn.sin(angle)], dim=1)
share = sn.rand(N, 1)
between = share * ring + (1 - share) * noise
value = critic(between)
slope = sn.grad(value.sum(), between)
penalty = sn.mean((sn.norm(slope, dim=1) - 1) ** 2)
prediction = critic(noise)
distance = critic(ring).mean() - prediction.mean()
loss = 10 * penalty - distance

train = sn.train(optimizer=sn.Adam(lr=0.005), steps=400, samples=256, log_every=100)

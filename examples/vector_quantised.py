"""A vector-quantised auto-encoder: a code is the nearest of K vectors, and gradients go straight through the choice.

van den Oord, Vinyals & Kavukcuoglu, Neural Discrete Representation Learning, arXiv 1711.00937, equations 2 and 3.
"""

import symnet as sn

N, D, H, K = sn.dims(N="batch", D=6, H=2, K=8)
X = sn.data(N, D)
E, W = sn.param(D, H), sn.param(H, D)
C = sn.param(K, H, init="normal")

z = X @ E
d = ((z[:, None, :] - C[None, :, :]) ** 2).sum(2)
near = (d == d.amin(1, keepdim=True)).detach()
q = near @ C
zq = z + (q - z).detach()
xhat = zq @ W
loss = ((xhat - X) ** 2).mean() + ((z.detach() - q) ** 2).mean() + 0.25 * ((z - q.detach()) ** 2).mean()

train = sn.train(optimizer=sn.Adam(lr=0.01), epochs=40, batch=20)

"""Layers z = g(w a + b) on one vector, one layer for each of five activations.

``symnet derive examples/layers.py --form index`` prints the components, ``--form matrix`` the vectors.
"""

import symnet as sn

sizes = sn.dims(D0=3, D1=5, D2=4, D3=6, D4=5, D5=3)
a0 = sn.data(sizes[0])
y = sn.data(sizes[5])
w1, b1 = sn.param(sizes[1], sizes[0]), sn.param(sizes[1])
w2, b2 = sn.param(sizes[2], sizes[1]), sn.param(sizes[2])
w3, b3 = sn.param(sizes[3], sizes[2]), sn.param(sizes[3])
w4, b4 = sn.param(sizes[4], sizes[3]), sn.param(sizes[4])
w5, b5 = sn.param(sizes[5], sizes[4]), sn.param(sizes[5])

z1 = w1 @ a0 + b1
a1 = sn.sigmoid(z1)
z2 = w2 @ a1 + b2
a2 = sn.tanh(z2)
z3 = w3 @ a2 + b3
a3 = sn.relu(z3)
z4 = w4 @ a3 + b4
a4 = sn.leaky_relu(z4, 0.1)
z5 = w5 @ a4 + b5
a5 = sn.softmax(z5)
loss = sn.sum((a5 - y) ** 2)

train = sn.train(lr=0.1, steps=100)

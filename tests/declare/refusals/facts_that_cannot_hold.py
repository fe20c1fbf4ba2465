import symnet as sn

A = sn.data(3, 3, 3, symmetric=True)
c = sn.data(simplex=True)
S = sn.data(3, 3, symmetric=True, simplex=True)
W = sn.data(3, mask=True, positive=True)
x = sn.param(3)
loss = sn.sum(A * x) + c + sn.sum(S @ x) + sn.sum(W * x)

import symnet as sn

x = sn.param(2)
loss = sn.sum(x**2)
print(loss.item())

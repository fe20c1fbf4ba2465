import symnet as sn

w = sn.param(3)
loss = sn.sum(w**2)
print(f"loss {loss:.4f}")

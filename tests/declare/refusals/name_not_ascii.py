import symnet as sn

θ = sn.param(3)
loss = sn.sum(θ**2)

import symnet as sn


def param(size):
    return sn.param(size)


w = param(3, std=0.1)
loss = (w**2).sum()

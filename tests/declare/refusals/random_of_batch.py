import symnet as sn
import torch

N = sn.dims(N="batch")
x, w = sn.data(N, 2), sn.param(2)
loss = ((x + 0.1 * torch.randn(N, 2)) @ w).mean()

import torch
import torch.nn.functional as F
import symnet as sn

N, T, D, H = sn.dims(N="batch", T=5, D=8, H=16)
X = sn.data(N, D)
W1, W2, W3, b = sn.param(D, H), sn.param(H, H), sn.param(D, H), sn.param(H)
loss = sn.mean((F.gelu(F.layer_norm(torch.tanh(X @ W1 + b) * torch.sigmoid(X @ W1) + F.softplus(X @ W1 * 2 - b), (H,)) @ W2) @ W3 - torch.relu(X @ W1) ** 2) ** 2)

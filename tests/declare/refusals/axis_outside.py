import symnet as sn

x = sn.param(3, 1)
loss = sn.sum(x.squeeze(5)) + sn.sum(x.unsqueeze(7)) + sn.sum(x.permute(0, 0))

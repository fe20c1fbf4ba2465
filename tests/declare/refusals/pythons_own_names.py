import builtins

import symnet as sn

builtins.len = None
x, w = sn.data(3), sn.param(3)
loss = (w * x).sum()

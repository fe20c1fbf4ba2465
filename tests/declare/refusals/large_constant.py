import numpy as np

import symnet as sn

W = sn.param(100, 2)
loss = sn.sum(np.ones((200, 100)) @ W)

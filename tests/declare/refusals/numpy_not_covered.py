import numpy as np

import symnet as sn

x = sn.param(4, 3)
loss = np.sum(np.linalg.qr(x)[0])

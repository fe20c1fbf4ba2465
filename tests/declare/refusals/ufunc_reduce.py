import numpy as np

import symnet as sn

x = sn.param(4, 3)
loss = np.add.reduce(np.exp(x))

import numpy as np

import symnet as sn

x = sn.param(5)
loss = sn.sum(np.asarray(x))

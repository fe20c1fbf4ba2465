import numpy as np

import symnet as sn

x = sn.param(3)
loss = sn.sum(x * np.array([1j, 2.0, 3.0]))

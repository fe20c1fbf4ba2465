import numpy as np

import symnet as sn

E = sn.param(5, 2)
loss = sn.sum(E[np.array([0, 4, 5])])

import numpy as np

import symnet as sn

N, D = sn.dims(N="batch", D=2)
x = sn.data(N, D)

loss = sn.sum(x * np.linspace(0, 1, N)[:, None])

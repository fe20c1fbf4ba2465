import math

import symnet as sn

N, D = sn.dims(N="batch", D=2)
x = sn.param(N, D)

loss = sn.sum(x) / math.sqrt(D)

import math

import symnet as sn

x = sn.param()
loss = math.exp(x)

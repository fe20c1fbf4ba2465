import symnet as sn

w = sn.param(3)
raise ValueError("the first line\n\n    and the last")

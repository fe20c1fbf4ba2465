import symnet as sn

w = sn.param(3)
raise ValueError("the first line\n" + "and more of it\n" * 40)

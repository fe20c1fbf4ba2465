import no_such_module_anywhere  # noqa: F401

import symnet as sn

x = sn.param(3)
loss = sn.sum(x**2)

"""The composition root: settings, addresses, processes, and pages that span rooms."""

import sys
from contextlib import suppress
from importlib import import_module

# A library below web3 raises the limit of recursion to 100,000 as it is imported: JSON nested that deep would then end the whole process,
# where Python's own limit refuses it with an error. It is imported before anything else, and the limit put back.
_own_limit = sys.getrecursionlimit()
with suppress(ModuleNotFoundError):  # web3 may do without it one day
    import_module("py_ecc")
sys.setrecursionlimit(_own_limit)

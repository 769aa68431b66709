"""The composition root: settings, addresses, processes, and pages that span rooms."""

import sys
from contextlib import suppress

# A library below web3 raises the limit of recursion to 100,000 as it is imported: JSON nested that deep would then end the whole process,
# where Python's own limit refuses it with an error. It is imported before anything else, and the limit put back.
_own_limit = sys.getrecursionlimit()
with suppress(ModuleNotFoundError):  # web3 may do without it one day
    import py_ecc as _py_ecc  # noqa: F401
sys.setrecursionlimit(_own_limit)

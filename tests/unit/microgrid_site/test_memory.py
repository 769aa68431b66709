"""Arrays that are made and freed again and again come from memory that the process kept."""

import resource
import subprocess
import sys

import pytest

PAGES = """
import resource, sys
import numpy as np
from microgrid_site.memory import keep_memory
if not keep_memory():
    sys.exit(9)
def use():
    return [np.ones(1 << 20) for _ in range(6)]
use()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    use()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_a_worker_takes_no_new_pages_for_arrays_like_those_before() -> None:
    done = subprocess.run([sys.executable, "-c", PAGES], capture_output=True, text=True, check=False)
    if done.returncode == 9:
        pytest.skip("this machine's C library cannot keep memory")
    assert done.returncode == 0, done.stderr
    arrays, pages_each = 60, (8 << 20) // resource.getpagesize()
    assert int(done.stdout) < arrays * pages_each / 20

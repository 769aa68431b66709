"""Keeps what a solver written in C prints by itself out of the way of what a command prints."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def solver_output_on_stderr() -> Iterator[None]:
    """While inside, standard output of the process goes to standard error, C's buffers included."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        # C buffers a pipe until the process ends: without this, HiGHS' lines would come after the result.
        ctypes.CDLL(None).fflush(None)
        os.dup2(kept, 1)
        os.close(kept)

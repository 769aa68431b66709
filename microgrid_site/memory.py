"""What large arrays free stays with the process that works on them; what is there from the beginning is not searched for garbage.

The C library gives each freed array of some megabytes back to the kernel and takes the next one page by page: ten thousand page faults for
each day that is shared, a quarter of the time. Workers and the embedded PostgreSQL keep what they used for their next task instead. Modules and models are half a million objects that never become garbage: the collector would
go through all of them, a seventh of a second, in the middle of the first large task.
"""

import ctypes
import gc
from collections.abc import Mapping

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3  # malloc.h
KEPT_BYTES = 1 << 30
LARGEST_FROM_HEAP_BYTES = 256 << 20
STEP_BYTES = 64 << 20
# A database has many sessions, most of them idle: each keeps little.
OF_DATABASE: Mapping[str, str] = {
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "MALLOC_MMAP_THRESHOLD_": str(64 << 20),
    "MALLOC_TOP_PAD_": str(4 << 20),
}


def keep_memory() -> bool:
    """Let this process keep what it frees, and leave alone what it has already; returns whether its C library can keep."""
    gc.freeze()
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    wanted = ((MMAP_THRESHOLD, LARGEST_FROM_HEAP_BYTES), (TRIM_THRESHOLD, KEPT_BYTES), (TOP_PAD, STEP_BYTES))
    taken = [mallopt(option, value) == 1 for option, value in wanted]
    return all(taken)

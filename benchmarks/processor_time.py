"""Processor time by process: what a measurement costs, whoever else shares the machine."""

import os
from collections.abc import Iterable
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def _fields(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []


def family_of(pid: int) -> list[int]:
    """A process and its children."""
    children = [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if (fields := _fields(int(entry.name))) and int(fields[1]) == pid]
    return [pid, *children]


def seconds_of(pids: Iterable[int]) -> float:
    """Processor time of processes, and of their children that have ended [s]."""
    found = (_fields(pid) for pid in pids)
    return sum(sum(map(int, fields[11:15])) for fields in found if fields) * TICK_S


def resident_mb(pid: int) -> float:
    """Resident memory [MB]."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

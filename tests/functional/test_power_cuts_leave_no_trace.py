"""kill -9 of everything, chain included, at ten random moments: the run started again ends in the same result."""

import random
import time
from pathlib import Path

from benchmarks.kills import finish, run_with_cuts
from tests.prepared import copy_prepared

CUTS = 10
SEED = 20160326


def test_ten_power_cuts_leave_no_trace(small_network: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    arguments = ("--data", str(small_network), "--month", "2016-03")
    for run in ("calm", "cut"):
        copy_prepared(tmp_path / run)
    began = time.monotonic()
    expected = finish(tmp_path / "calm", *arguments)
    calm_s = time.monotonic() - began
    cuts, result = run_with_cuts(tmp_path / "cut", CUTS, random.Random(SEED), calm_s, *arguments)
    assert len(cuts) == CUTS
    assert all(cut.processes > 0 for cut in cuts)
    assert result == expected
    assert result["findings"] == []
    assert result["chain"]["anchors"] == result["days"] + 1

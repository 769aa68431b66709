"""What tests do in the village behind the browser's back."""

import json
import subprocess
import sys
from typing import Any

from microgrid_site.embedded.servers import environment_of_its_own
from tests.conftest import ROOT

UNPAID = """
import json
from billing.models import Document
rows = Document.objects.filter(kind="bill", status="open", paid_minor=0, gross_minor__gt=0, member__is_cooperative=False, payments=None)
print("unpaid", json.dumps([[d.label, f"{d.gross_minor / 100:.2f}", d.member_id] for d in rows.order_by("number")]))
"""


def command(village: Any, *words: str, need: str = "postgres") -> str:
    """Give the village a management command, as an operator does; returns what it prints."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "microgrid_site.embedded", "run", "--var", str(village.var), "--need", need, "--"),
            *(sys.executable, str(ROOT / "manage.py"), *words),
        ],
        env=environment_of_its_own(village.var),
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def let(village: Any, script: str) -> str:
    """Let a script run inside the village; returns what it prints."""
    return command(village, "shell", "-c", script)


def unpaid_bills(village: Any) -> list[tuple[str, str, int]]:
    """Number, sum and member of the bills of households on which nothing was ever paid, oldest first."""
    told = next(line for line in let(village, UNPAID).splitlines() if line.startswith("unpaid "))
    rows = [tuple(row) for row in json.loads(told.removeprefix("unpaid "))]
    assert len(rows) > 1, "Others have paid nearly all bills: give the village more sites."
    return rows

"""Three wounds that a made-up path would not feel: a message deleted, a byte altered, the chain stopped."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from microgrid_site.embedded.servers import environment_of_its_own
from tests.conftest import ROOT, run_demo


def wounded(settled_var: Path, tmp_path: Path, sql: str) -> Path:
    """A copy of the settled folder in whose database one statement was run behind the application's back."""
    tmp_path.chmod(0o755)
    copy = tmp_path / "var"
    sockets = shutil.ignore_patterns(".s.PGSQL.*")  # one stays where a server was killed, and cannot be copied
    shutil.copytree(settled_var / "var", copy, symlinks=True, ignore=sockets)
    if os.geteuid() == 0:
        owner = (settled_var / "var" / "postgres").stat()
        for path in [copy / "postgres", *(copy / "postgres").rglob("*")]:
            os.chown(path, owner.st_uid, owner.st_gid)
    code = (
        "import os, psycopg\n"
        "with psycopg.connect(os.environ['DATABASE_URL'], autocommit=True) as connection:\n"
        "    connection.execute(\"SET session_replication_role = 'replica'\")\n"
        f"    assert connection.execute({sql!r}).rowcount == 1\n"
    )
    subprocess.run(
        [
            sys.executable,
            "-m",
            "microgrid_site.embedded",
            "run",
            "--var",
            str(copy),
            "--need",
            "postgres",
            "--",
            sys.executable,
            "-c",
            code,
        ],
        check=True,
        env=environment_of_its_own(copy),
        cwd=ROOT,
        timeout=120,
    )
    return copy


def test_a_deleted_message_is_missed(settled_var, small_network, tmp_path):
    before = json.loads((settled_var / "export" / "report.json").read_text())
    var = wounded(settled_var, tmp_path, "DELETE FROM energy_telemetrymessage WHERE id = (SELECT min(id) FROM energy_telemetrymessage)")
    after = run_demo(var, "--data", str(small_network), "--month", "2016-03")
    assert after["telemetry"]["accepted"] == before["telemetry"]["accepted"] - 1
    assert any("message" in finding and "missing" in finding for finding in after["findings"])


def test_an_altered_byte_of_a_reading_is_named(settled_var, small_network, tmp_path):
    var = wounded(
        settled_var,
        tmp_path,
        "UPDATE energy_meterday SET values_wh[40] = values_wh[40] + 1 WHERE (day, meter_id, channel) ="
        " (SELECT day, meter_id, channel FROM energy_meterday WHERE channel = 1 ORDER BY day, meter_id LIMIT 1)",
    )
    after = run_demo(var, "--data", str(small_network), "--month", "2016-03")
    assert any("what is stored now is not what was anchored" in finding for finding in after["findings"])
    assert any("interval 39" in finding and "the meter said" in finding for finding in after["findings"])


def test_an_altered_cent_of_a_bill_fails_its_proof(settled_var, small_network, tmp_path):
    var = wounded(
        settled_var,
        tmp_path,
        "UPDATE billing_documentline SET net_minor = net_minor + 1 WHERE id = (SELECT min(id) FROM billing_documentline)",
    )
    after = run_demo(var, "--data", str(small_network), "--month", "2016-03")
    assert after["proofs"]["failed"] == 1
    assert any("B-2016-" in finding for finding in after["findings"])


def test_with_the_chain_stopped_bills_are_made_and_the_chain_catches_up(small_network, tmp_path):
    tmp_path.chmod(0o755)
    words = [
        sys.executable,
        "-m",
        "microgrid_site.embedded",
        "run",
        "--var",
        str(tmp_path / "var"),
        "--need",
        "postgres,valkey,broker",
        "--",
        sys.executable,
        str(ROOT / "manage.py"),
        "demo",
        "--once",
        "--json",
        "--data",
        str(small_network),
        "--month",
        "2016-03",
    ]
    done = subprocess.run(
        words,
        capture_output=True,
        text=True,
        timeout=400,
        cwd=ROOT,
        check=False,
        env={**environment_of_its_own(tmp_path / "var"), "CHAIN_RPC_URL": "http://127.0.0.1:9"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    alone = json.loads(done.stdout.strip().splitlines()[-1])
    assert alone["billing"]["bills"] > 20
    assert alone["billing"]["payments_bank"] > 0
    assert alone["chain"]["confirmed"] == alone["chain"]["anchors"] == 0
    assert alone["proofs"]["failed"] == alone["proofs"]["checked"] > 0
    assert any("does not answer" in finding for finding in alone["findings"])
    later = run_demo(tmp_path / "var", "--data", str(small_network), "--month", "2016-03")
    assert later["findings"] == []
    assert later["proofs"]["failed"] == 0
    assert later["chain"]["anchors"] == later["days"] + 1
    assert later["chain"]["payments"] == 2  # one bill in parts, in either coin
    assert later["billing"]["gross_minor"] == alone["billing"]["gross_minor"]

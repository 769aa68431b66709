"""kill -9 of ingest, PostgreSQL and broker while devices send; `script/bench intake_kills` kills each ten times."""

from benchmarks.intake_kills import TARGETS, in_own_servers

SEED = 20160327


def test_no_acknowledged_message_is_lost_or_counted_twice() -> None:
    result = in_own_servers(targets=TARGETS, kills=1, seed=SEED, devices=20, between=40)
    assert result["kills"] == dict.fromkeys(TARGETS, 1)
    assert (result["lost"], result["twice"], result["differences"]) == (0, 0, 0)
    assert result["kept"] >= result["acknowledged"] >= 4 * 40
    assert result["sound"]

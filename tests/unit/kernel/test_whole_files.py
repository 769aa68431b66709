"""Many hands and one file: it is whole at any moment, and what is made once is the same for all."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kernel.whole_files import make_once, write_whole

HANDS, ROUNDS, SIZE = 4, 25, 200_000


def test_a_file_that_many_write_is_always_one_of_theirs(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "paper.pdf"
    gate = threading.Barrier(HANDS)

    def write(hand: int) -> set[bytes]:
        seen = set()
        for _ in range(ROUNDS):
            gate.wait(10)
            write_whole(path, bytes([hand]) * SIZE)
            seen.add(path.read_bytes())
        return seen

    with ThreadPoolExecutor(HANDS) as pool:
        seen = set().union(*pool.map(write, range(HANDS)))
    assert seen <= {bytes([hand]) * SIZE for hand in range(HANDS)}
    assert [file.name for file in path.parent.iterdir()] == ["paper.pdf"]


def test_what_is_made_once_is_the_same_for_all(tmp_path: Path) -> None:
    gate = threading.Barrier(HANDS)

    def make(round_: int, hand: int) -> bytes:
        gate.wait(10)
        return make_once(tmp_path / f"key {round_}", bytes([hand]) * 32)

    with ThreadPoolExecutor(HANDS) as pool:
        for round_ in range(ROUNDS):
            assert len(set(pool.map(make, [round_] * HANDS, range(HANDS)))) == 1
    assert len(list(tmp_path.iterdir())) == ROUNDS
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}

"""Two hands that go in step, statement by statement, and what they must come to: what one after the other comes to.

So each has read before the other writes. What the database says no to in that way (a row that is there already, two who wait for each
other) is a defect; a refusal in words is none.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import permutations
from typing import Any, Generic, Protocol, TypeVar

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection, transaction

from microgrid_site.celery import app
from tests.integration.striking import in_step, second_after_reading

ROOMS = {"billing", "contracts", "energy", "grid", "members"}
Work = Callable[[], Any]


class Told(Protocol):
    """A place that can tell how often it called somebody outside."""

    def calls(self) -> int: ...


Place = TypeVar("Place", bound=Told)
Prepare = Callable[[Place], Sequence[Work]]
COLUMNS = r"""
    SELECT c.relname, a.attname, t.typname, a.attnotnull
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1, 2
"""
WHOLE, STATES = {"int2", "int4", "int8"}, {"status", "state"}
OTHER_EACH_TIME = {"id", "made_in"}


@dataclass
class Table(Generic[Place]):
    """What two hands do at once at a place, by name, each after what is prepared for it."""

    cases: dict[str, tuple[Prepare[Place], str]] = field(default_factory=dict)
    tasks: set[str] = field(default_factory=set)

    def case(self, *tasks: Any, reads: str = "") -> Callable[[Prepare[Place]], Prepare[Place]]:
        """Take what a function prepares for these tasks, under the function's name.

        Where it is said what table the first hand reads, the second does all its work right after that, as far as it need not wait.
        """

        def take(prepare: Prepare[Place]) -> Prepare[Place]:
            self.cases[prepare.__name__] = (prepare, reads)
            self.tasks |= {task.name for task in tasks}
            return prepare

        return take

    def run(self, place: Place, subtests: pytest.Subtests) -> None:
        """Let two hands do each in turn; what one leaves is there for the next."""
        cache.clear()
        count = Count(place)
        app.conf.update(task_always_eager=True, task_eager_propagates=True)
        try:
            for name, (prepare, reads) in self.cases.items():
                with subtests.test(name):
                    _both(prepare(place), reads, count)
        finally:
            app.conf.update(task_always_eager=False, task_eager_propagates=False)


def twice(task: Callable[..., Any], **words: Any) -> Sequence[Work]:
    """The same task by two workers."""

    def work() -> None:
        task(**words)

    return [work, work]


def _summed(column: str, kind: str) -> str:
    """What is summed of a column; nothing of what is another on each run."""
    if kind in WHOLE and column not in OTHER_EACH_TIME and not column.endswith("_id"):
        return f'"{column}"'
    if kind == "bool":
        return f'"{column}"::int'
    return f'hashtext("{column}")' if kind == "varchar" and column in STATES else ""


class Count:
    """Counts what stands in the database, how many e-mails left, and what a place called outside."""

    def __init__(self, place: Told) -> None:
        self.place, self.question = place, _question()

    def standing(self) -> Counter[str]:
        found: Counter[str] = Counter({"e-mails": len(mail.outbox), "calls": self.place.calls()})
        with connection.cursor() as cursor:
            cursor.execute(self.question)
            for table, told in cursor.fetchall():
                found.update({f"{table}.{name}": value for name, value in json.loads(told).items()})
        return found

    def since(self, before: Counter[str]) -> dict[str, int]:
        """What changed, and by how much."""
        after = self.standing()
        return {name: after[name] - before[name] for name in after if after[name] != before[name]}


def _question() -> str:
    """How many rows each table has, how many fields are filled, and sums of whole numbers, of what is true, of states."""
    columns: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        for table, column, kind, is_always_there in cursor.fetchall():
            told = columns.setdefault(table, ["'rows', count(*)"])
            if summed := _summed(column, kind):
                told.append(f"'{column}', coalesce(sum({summed}::numeric), 0)")
            elif not is_always_there:
                told.append(f"'{column}', count(\"{column}\")")
    return " UNION ALL ".join(
        f"SELECT '{table}', jsonb_build_object({', '.join(told)}) FROM \"{table}\"" for table, told in columns.items()
    )


def _both(works: Sequence[Work], reads: str, count: Count) -> None:
    """At once they come to what they come to one after the other, and that is something."""
    expected = [_in_turn(order, count) for order in dict.fromkeys(permutations(works))]
    before = count.standing()
    kind = [partial(_kindly, work) for work in works]
    if reads:
        second_after_reading(reads, *kind)
    else:
        in_step(kind)
    found = count.since(before)
    assert found in expected, [_apart(found, one) for one in expected]
    assert any(expected), "there was nothing to do"


def _apart(found: dict[str, int], expected: dict[str, int]) -> dict[str, tuple[int, int]]:
    """What came to another number, and to which it should have come."""
    names = sorted(found.keys() | expected.keys())
    both = {name: (found.get(name, 0), expected.get(name, 0)) for name in names}
    return {name: pair for name, pair in both.items() if pair[0] != pair[1]}


def _in_turn(works: Sequence[Work], count: Count) -> dict[str, int]:
    """What the works come to one after the other, as if it had never been."""
    with transaction.atomic():
        before = count.standing()
        for work in works:
            _kindly(work)
        found = count.since(before)
        transaction.set_rollback(True)
    return found


def _kindly(work: Work) -> None:
    """Do it; to be refused in words of ours is an answer too."""
    try:
        work()
    except ValueError as refusal:
        if type(refusal).__module__.partition(".")[0] not in ROOMS:
            raise

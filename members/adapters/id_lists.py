"""Lists of ids as one value: `WHERE id = ANY('{1,2,...}')` instead of a placeholder for each of a thousand.

`field__in=ids` stays what everybody writes. Django and the driver weigh each placeholder several times; for the ids of a thousand sites
that took longer than what the server did with them. A set is quicker still than a list, which Django takes apart to look for expressions. Short lists, text, subqueries and rows stay as Django makes them.
"""

from typing import Any

from django.db.models import ForeignKey, IntegerField
from django.db.models.fields.related_lookups import RelatedIn
from django.db.models.lookups import In

FEWEST = 16
SMALLEST, LARGEST = -(2**63), 2**63 - 1


def _are_ids(values: Any) -> bool:
    return (
        isinstance(values, list | tuple | set | frozenset)
        and len(values) >= FEWEST
        and all(type(value) is int for value in values)
        and SMALLEST <= min(values) <= max(values) <= LARGEST
    )


class _ManyIds:
    """An `in` lookup that passes whole numbers on as one array."""

    rhs: Any
    process_lhs: Any
    as_sql: Any

    def get_prep_lookup(self) -> Any:
        return list(self.rhs) if _are_ids(self.rhs) else super().get_prep_lookup()  # type: ignore[misc]

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        if not _are_ids(self.rhs):
            return self.as_sql(compiler, connection)
        lhs, parameters = self.process_lhs(compiler, connection)
        return f"{lhs} = ANY(%s::bigint[])", [*parameters, f"{{{','.join(map(str, self.rhs))}}}"]


class NumbersIn(_ManyIds, In):
    """`number__in`."""


class ReferencesIn(_ManyIds, RelatedIn):
    """`reference__in`."""


def register() -> None:
    """Let all whole numbers and references of all rooms be looked up so."""
    IntegerField.register_lookup(NumbersIn)
    ForeignKey.register_lookup(ReferencesIn)

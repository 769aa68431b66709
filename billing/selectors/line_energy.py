"""What the energy on a document's lines comes to, by where it came from; own use that was bought all the same is no register's."""

from collections.abc import Iterable

from billing.models import Component, DocumentLine
from billing.models.documents import FROM_GRID, FROM_NEIGHBOURS


def from_neighbours_wh(lines: Iterable[DocumentLine]) -> int:
    """What came from neighbours [Wh]."""
    return sum(line.quantity for line in lines if line.component in FROM_NEIGHBOURS)


def from_grid_wh(lines: Iterable[DocumentLine]) -> int:
    """What came from the public grid [Wh]."""
    lines = list(lines)
    return sum(line.quantity for line in lines if line.component in FROM_GRID) - own_use_wh(lines)


def own_use_wh(lines: Iterable[DocumentLine]) -> int:
    """What was made and used at the site, and bought and sold all the same [Wh]."""
    return sum(line.quantity for line in lines if line.component == Component.OWN_USE)

"""Who has a site on which days of a run, and where within them VAT changes."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from billing.domain.tariffs import TariffTerms
from billing.domain.vat import VatParty
from billing.selectors.bill_history import Billed
from billing.selectors.vat_status import VatParties
from energy.models import Site
from energy.selectors.ownership import members_on, ownerships_along
from members.models import Member


@dataclass(frozen=True, slots=True)
class Stay:
    """Days of a run on which a member has a site without a break: `[first, after)`, counted from the run's first day.

    Attributes:
        since: from which day on the member has the site; None: from the beginning.
        ends: the member has it no longer on the day after.
        part: the member holds a part of a common plant on these days: its row behind those of the sites, and how its lines name it.
    """

    site: Site
    member: Member
    first: int
    after: int
    since: date | None = None
    ends: bool = False
    part: int | None = None
    label: str = ""

    @property
    def key(self) -> tuple[int, int, int]:
        """Site, first day and member: a site is one member's on a day, but a plant may have several holders."""
        return self.site.id, self.first, self.member.id

    def billed(self, after: int) -> Billed:
        """Who is billed for the site up to a day, counted from the run's first."""
        return Billed(self.site.id, self.member.id, self.since, self.ends and after == self.after)


@dataclass(frozen=True, slots=True)
class Piece:
    """Days `[first, after)` on which nothing about VAT changes; what several stays have in common is rated together."""

    first: int
    after: int
    cooperative: VatParty
    member: VatParty


def pieces_of(stays: Iterable[Stay], terms: Sequence[TariffTerms], parties: VatParties) -> dict[Piece, list[Stay]]:
    """Cut stays that have the same terms along a run where VAT changes, and put equal pieces together."""
    of_all = [(term.vat, party) for term, party in zip(terms, parties.cooperative, strict=True)]
    general = _changes(of_all)
    changes_of = {member: sorted({*general, *_changes(along)}) for member, along in parties.by_member.items()}
    found: dict[Piece, list[Stay]] = {}
    for stay in stays:
        along = parties.by_member.get(stay.member.id)
        cuts = [c for c in changes_of.get(stay.member.id, general) if stay.first < c < stay.after]
        edges = [stay.first, *cuts, stay.after]
        for first, after in itertools.pairwise(edges):
            member = along[first] if along else parties.of_member(stay.member.pk)[first]
            piece = Piece(first, after, parties.cooperative[first], member)
            found.setdefault(piece, []).append(stay)
    return dict(sorted(found.items(), key=lambda item: item[0].first))


def same_vat(terms: Sequence[TariffTerms]) -> list[tuple[int, int]]:
    """The stretches `[first, after)` of a run over which a tariff's VAT stays the same."""
    edges = [0, *_changes([term.vat for term in terms]), len(terms)]
    return list(itertools.pairwise(edges))


def _changes(along: Sequence[object]) -> list[int]:
    return [i for i in range(1, len(along)) if along[i] != along[i - 1]]


def stays_of(sites: Sequence[Site], days: Sequence[date]) -> list[Stay]:
    """Who has each site along the days, which follow each other; by site in the order given, then by day."""
    found, first, after_all = [], min(days), max(days) + timedelta(days=1)
    owned = ownerships_along([site.pk for site in sites], first, max(days))
    for site in sites:
        for row in owned[site.pk]:
            begin, end = max(row.valid_from or first, first), min(row.valid_to or after_all, after_all)
            ends = row.valid_to is not None and row.valid_to <= after_all
            found.append(Stay(site, row.member, (begin - first).days, (end - first).days, row.valid_from, ends))
    return found


def stays_by_site(stays: Iterable[Stay]) -> dict[int, list[Stay]]:
    """Each site's stays in order."""
    found: dict[int, list[Stay]] = {}
    for stay in stays:
        found.setdefault(stay.site.id, []).append(stay)
    return found


def stay_on(stays: Sequence[Stay], place: int, run_days: Sequence[date]) -> Stay:
    """Who had a site on a day, counted from the run's first; of a day before the run, whoever had it then."""
    if place < 0:
        day = run_days[0] + timedelta(days=place)
        site = stays[0].site
        owner = members_on([site.pk], day)[site.pk]
        # Who is gone meanwhile has no days in the run, so the document is of its first.
        return next((s for s in stays if s.member == owner), Stay(site, owner, 0, 1, ends=True))
    return next((stay for stay in stays if stay.first <= place < stay.after), stays[0])

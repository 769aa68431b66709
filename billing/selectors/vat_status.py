"""How the cooperative and its members stand to VAT, day by day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from billing.domain.vat import NOT_TAXABLE, Scheme, VatParty
from billing.models import VatStatus
from members.models import Cooperative, Member


@dataclass(frozen=True, slots=True)
class VatParties:
    """The cooperative and those members who have a status, on each of some days in order."""

    days: Sequence[date]
    cooperative: list[VatParty]
    by_member: dict[int, list[VatParty]]

    def of_member(self, member_id: int) -> list[VatParty]:
        """Of a member on each day; a household where none is noted."""
        return self.by_member.get(member_id) or [NOT_TAXABLE] * len(self.days)


def vat_parties(cooperative: Cooperative, member_ids: Iterable[int], days: Sequence[date]) -> VatParties:
    """How they stand to VAT on each of the days."""
    rows = VatStatus.objects.filter(cooperative=cooperative, valid_from__lte=max(days)).filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=min(days))
    )
    own = [row for row in rows if row.member_id is None]
    found: dict[int, list[VatStatus]] = {}
    wanted = set(member_ids)
    for row in rows:
        if row.member_id in wanted:
            found.setdefault(row.member_id, []).append(row)
    usual = VatParty(Scheme.STANDARD, vat_id=cooperative.vat_id)
    return VatParties(
        days, _along(own, days, usual, cooperative), {member: _along(statuses, days, NOT_TAXABLE) for member, statuses in found.items()}
    )


def _along(rows: Sequence[VatStatus], days: Sequence[date], otherwise: VatParty, cooperative: Cooperative | None = None) -> list[VatParty]:
    parties = [(row, _party(row, cooperative)) for row in rows]
    return [
        next((party for row, party in parties if row.valid_from <= day and (row.valid_to is None or day < row.valid_to)), otherwise)
        for day in days
    ]


def _party(row: VatStatus, cooperative: Cooperative | None) -> VatParty:
    """The cooperative's VAT id stands with the cooperative."""
    vat_id = cooperative.vat_id if cooperative is not None else row.vat_id
    return VatParty(Scheme(row.scheme), row.rate, vat_id, row.tax_number, row.owes_as_recipient, row.recipient_owes, row.sentence)


def party_on(cooperative: Cooperative, member: Member | None, day: date) -> VatParty:
    """How one of them, the cooperative where no member is named, stands to VAT on a day."""
    parties = vat_parties(cooperative, [member.pk] if member else [], [day])
    return parties.of_member(member.pk)[0] if member else parties.cooperative[0]

"""Documents while they are being rated: their lines, their VAT, and how they are written."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from django.db import connection

from billing.domain.rating import COMPONENT_OF, RatedLines, Rating
from billing.domain.sentences import WORDS
from billing.domain.vat import TariffVat, VatParty, VatSum, VatTreatment, bought_from, own_supply, side_by_side, supplied_by, vat_sums
from billing.models import BillingRun, Component, FlexibilityCredit
from billing.selectors.vat_status import VatParties
from billing.services.flexibility import place_on_documents
from billing.services.market_lines import Lines
from billing.services.stays import Piece, Stay, stay_on
from energy.models import Site
from kernel.identifiers import uuid7
from kernel.money import price_from_micro

VatOfLines = Callable[[str], VatTreatment]


@dataclass(frozen=True, slots=True)
class Draft:
    """A document on its way into the database."""

    stay: Stay
    kind: str
    lines: list[tuple[str, str, int, str, Decimal, int, int]] = field(default_factory=list)
    vat: list[VatTreatment] = field(default_factory=list)
    flexibility: list[FlexibilityCredit] = field(default_factory=list)

    @property
    def site(self) -> Site:
        return self.stay.site

    def add(self, lines: list[tuple[str, str, int, str, Decimal, int, int]], vat_of: VatOfLines) -> None:
        """Further lines, each with the VAT of its component."""
        self.lines.extend(lines)
        self.vat.extend(vat_of(line[0]) for line in lines)

    def add_flexibility(self, row: FlexibilityCredit, vat: VatTreatment) -> None:
        """What the site is owed for flexibility, as the last lines."""
        self.lines.append((row.component, row.window, row.quantity_wh, row.unit, row.price, row.exact_micro, row.net_minor))
        self.vat.append(vat)
        self.flexibility.append(row)

    @property
    def net_minor(self) -> int:
        return sum(line[6] for line in self.lines)

    def settle_vat(self) -> list[VatSum]:
        """Let the lines' VAT be such as may stand on one document; returns its sums."""
        self.vat[:] = side_by_side(self.vat)
        return vat_sums((vat, line[6]) for vat, line in zip(self.vat, self.lines, strict=True))


class Drafts:
    """The documents of some stays while they are being rated, piece by piece."""

    def __init__(self, run: BillingRun, parties: VatParties) -> None:
        self.run, self.parties = run, parties
        self.found: dict[tuple[int, int, int, str], Draft] = {}

    def of(self, stay: Stay, kind: str) -> Draft:
        """The stay's document of a kind, begun where there is none yet."""
        key = (*stay.key, kind)
        if key not in self.found:
            self.found[key] = Draft(stay, kind)
        return self.found[key]

    def add(self, piece: Piece, stays: list[Stay], rating: Rating, tariff: TariffVat, traded: Lines) -> None:
        """A bill for each stay that drew or owes anything, a credit document for each that delivered anything."""
        bills, credits = rating.bills, rating.credits
        columns = [_columns(lines) for lines in bills], [_columns(lines) for lines in credits]
        of_bills = {own: self._vat_of_bills(piece, tariff, own) for own in (False, True)}
        for row, stay in enumerate(stays):
            own = stay.member.is_cooperative
            if stay.part is not None:
                # What a plant draws, gives away or leaves undelivered is its owner's.
                part = _lines_of(credits, columns[1], row)
                if part:
                    named = [(line[0], stay.label, *line[2:]) for line in part]
                    self.of(stay, "credit").add(named, _of_all(self._vat_of_credits(piece.member, piece.cooperative, own)))
                continue
            bill = _lines_of(bills, columns[0], row) + traded.get((stay.site.pk, "bill"), [])
            if piece.after < stay.after:
                # What waits for the next month is what the last piece leaves.
                bill = [line for line in bill if line[0] != Component.KEPT]
            if bill:
                self.of(stay, "bill").add(bill, of_bills[own])
            credit = _lines_of(credits, columns[1], row) + traded.get((stay.site.pk, "credit"), [])
            if credit:
                self.of(stay, "credit").add(credit, _of_all(self._vat_of_credits(piece.member, piece.cooperative, own)))

    def _vat_of_bills(self, piece: Piece, tariff: TariffVat, own: bool) -> VatOfLines:
        """The cooperative supplies; what it draws itself is outside VAT."""
        if own:
            return lambda component: own_supply(piece.cooperative)
        treatments = {
            component: supplied_by(piece.cooperative, piece.member, *tariff.of_kind(kind)) for kind, component in COMPONENT_OF.items()
        }
        usual = supplied_by(piece.cooperative, piece.member, *tariff.of_kind(""))
        return lambda component: treatments.get(component, usual)

    def _vat_of_credits(self, member: VatParty, cooperative: VatParty, own: bool) -> VatTreatment:
        """The member supplies, the cooperative writes the document."""
        return own_supply(member) if own else bought_from(member, cooperative)

    def add_flexibility(self, stays_at: dict[int, list[Stay]], owed: dict[int, list[FlexibilityCredit]]) -> None:
        """Put what sites are owed on the credit documents of those who had them then."""
        for site_id, rows in owed.items():
            for row in rows:
                day = row.start_at.astimezone(self.run.microgrid.zone).date()
                stay = stay_on(stays_at[site_id], (day - self.run.first_day).days, self.run.days())
                party = self.parties.of_member(stay.member.pk)[stay.first]
                own = stay.member.is_cooperative
                vat = self._vat_of_credits(party, self.parties.cooperative[stay.first], own)
                self.of(stay, "credit").add_flexibility(row, vat)

    def in_order(self) -> list[Draft]:
        """By site, then day, bills before credits."""
        return sorted(self.found.values(), key=lambda d: (d.site.code, d.stay.first, d.kind))


def _of_all(vat: VatTreatment) -> VatOfLines:
    """One treatment for lines of any component."""
    return lambda component: vat


def _columns(lines: RatedLines) -> tuple[list[int], list[int], list[int], list[int]]:
    return (lines.quantity.tolist(), lines.exact_micro.tolist(), lines.price_micro.tolist(), lines.net_minor.tolist())


def _lines_of(
    kinds: list[RatedLines], columns: list[tuple[list[int], list[int], list[int], list[int]]], row: int
) -> list[tuple[str, str, int, str, Decimal, int, int]]:
    """The lines of one document: component, window, quantity, unit, price, exact sum, net; those without quantity and amount left out."""
    lines = []
    for kind, (quantity, exact, price, net) in zip(kinds, columns, strict=True):
        if quantity[row] or net[row]:
            # What neighbours pay is shared out over the whole run, so the producers' line has no amount yet.
            amount = 0 if kind.component == "local_delivered" else net[row]
            lines.append((kind.component, kind.window, quantity[row], kind.unit, price_from_micro(price[row]), exact[row], amount))
    return lines


def store(run: BillingRun, drafts: list[Draft]) -> None:
    """Append drafts and their lines by COPY."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('billing_document', 'id')) FROM generate_series(1, %s)", [len(drafts)])
        ids = [row[0] for row in cursor.fetchall()]
        currency = run.microgrid.cooperative.currency
        settled: dict[int, list[VatSum]] = {}
        with cursor.copy(
            "COPY billing_document (id, public_id, run_id, cooperative_id, member_id, site_id, kind, status, series, label,"
            " period, first_day, last_day, issue_date, due_date, currency, net_minor, vat_rate, vat_minor, gross_minor, paid_minor,"
            " payment_reference, chain_ref) FROM STDIN"
        ) as copy:
            for pk, draft in zip(ids, drafts, strict=True):
                sums = settled[pk] = draft.settle_vat()
                net, vat = draft.net_minor, sum(part.vat_minor for part in sums)
                first = run.first_day + timedelta(days=draft.stay.first)
                last = run.first_day + timedelta(days=draft.stay.after - 1)
                copy.write_row(
                    (
                        pk,
                        uuid7(),
                        run.pk,
                        run.microgrid.cooperative_id,
                        draft.stay.member.pk,
                        draft.site.pk,
                        draft.kind,
                        "draft",
                        "",
                        "",
                        run.period,
                        first,
                        last,
                        run.issue_date,
                        run.due_date,
                        currency,
                        net,
                        sums[0].rate if len(sums) == 1 else None,
                        vat,
                        net + vat,
                        0,
                        "",
                        "0x" + secrets.token_hex(32),
                    )
                )
        with cursor.copy(
            'COPY billing_documentline (document_id, position, component, "window", quantity, unit, price, exact_micro,'
            " net_minor, vat_category, vat_rate) FROM STDIN"
        ) as copy:
            for pk, draft in zip(ids, drafts, strict=True):
                for position, (line, vat_of) in enumerate(zip(draft.lines, draft.vat, strict=True)):
                    copy.write_row((pk, position, *line, vat_of.category.value, vat_of.rate))
        with cursor.copy(
            "COPY billing_documentvat (document_id, category, rate, net_minor, vat_minor, reason, ground, recipient_rate,"
            " recipient_vat_minor, is_deducted) FROM STDIN"
        ) as copy:
            for pk, draft in zip(ids, drafts, strict=True):
                words = WORDS.get(draft.stay.member.language, WORDS["en"])
                for part in settled[pk]:
                    why = "; ".join(words.labels.get(reason, reason) for reason in part.reasons)[:200]
                    copy.write_row(
                        (
                            pk,
                            part.category.value,
                            part.rate,
                            part.net_minor,
                            part.vat_minor,
                            why,
                            part.ground.value,
                            part.recipient_rate,
                            part.recipient_vat_minor,
                            part.is_deducted,
                        )
                    )
    place_on_documents({pk: _places(draft) for pk, draft in zip(ids, drafts, strict=True) if draft.flexibility})


def _places(draft: Draft) -> list[tuple[FlexibilityCredit, int]]:
    first = len(draft.lines) - len(draft.flexibility)
    return [(row, first + i) for i, row in enumerate(draft.flexibility)]

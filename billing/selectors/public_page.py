"""What everybody may see of a microgrid that its cooperative has opened: days and months, never a member."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.core.cache import cache
from django.db.models import Q, QuerySet, Sum

from billing.domain.public_days import PublicDay, spread_minor
from billing.models import BillingRun, Component, Document, DocumentKind, DocumentLine, DocumentStatus, LedgerEntry, RunStatus
from energy.models import Microgrid
from grid.models import BalanceDay, SharingDay
from grid.selectors.prices import PricesMissing, load_prices
from kernel.intervals import CannotReadPeriod, Month

# Totals of fewer sites could tell about one of them.
FEWEST_SITES = 5
KEPT_S = 24 * 3600
BALANCE = {
    "bought_wh": "import_wh",
    "produced_wh": "production_wh",
    "used_wh": "consumption_wh",
    "sold_wh": "export_wh",
    "charged_wh": "charge_wh",
    "discharged_wh": "discharge_wh",
    "lost_wh": "losses_wh",
}


@dataclass(frozen=True, slots=True)
class PublicMoney:
    """What a posted month's documents came to [minor units], corrections counted; where it went sums to what was billed.

    Attributes:
        booked_minor: what the ledger says that members were asked for by these documents.
    """

    billed_minor: int
    vat_minor: int
    local_paid_minor: int
    local_received_minor: int
    producers_minor: int
    booked_minor: int

    @property
    def kept_minor(self) -> int:
        """What is left for the public grid's energy, lines, meters and services."""
        return self.billed_minor - self.vat_minor - self.producers_minor

    @property
    def residual_minor(self) -> int:
        """Paid between neighbours and received by none."""
        return self.local_paid_minor - self.local_received_minor

    @property
    def gap_minor(self) -> int:
        """Billed and not booked."""
        return self.billed_minor - self.booked_minor


@dataclass(frozen=True, slots=True)
class PublicMonth:
    """A month of closed days; `money` is None until it is billed; `lines_without_energy` counts lines that have cents and no Wh."""

    month: Month
    days: list[PublicDay]
    money: PublicMoney | None
    lines_without_energy: int

    @property
    def is_whole(self) -> bool:
        """No residual anywhere, and no money without energy."""
        money = self.money
        return (
            all(day.is_whole for day in self.days)
            and not self.lines_without_energy
            and (money is None or (money.residual_minor == 0 and money.gap_minor == 0))
        )


class NotShown(LookupError):
    """It is not shown to everybody; whether it exists is not told."""


def shown_microgrid(slug: str) -> Microgrid:
    """The microgrid, if its cooperative has opened its page and it is large enough for totals.

    Raises:
        NotShown: it is not.
    """
    microgrid = open_microgrids().filter(slug=slug).first()
    if microgrid is None or not is_large_enough(microgrid):
        raise NotShown(slug)
    return microgrid


def shown_month(microgrid: Microgrid, text: str) -> PublicMonth | None:
    """The month asked for or the newest one; kept until a day is closed again or a run is posted. None: no day is closed yet.

    Raises:
        NotShown: the text names no month with closed days.
    """
    months = public_months(microgrid)
    if not months and not text:
        return None
    try:
        month = Month.parse(text) if text else months[0]
    except CannotReadPeriod as why:
        raise NotShown(str(why)) from None
    if month not in months:
        raise NotShown(text)
    key = f"public:{microgrid.pk}:{month.number}:{':'.join(map(str, state_of(microgrid, month)))}"
    found: PublicMonth | None = cache.get(key)
    if found is None:
        found = public_month(microgrid, month)
        cache.set(key, found, KEPT_S)
    return found


def open_microgrids() -> QuerySet[Microgrid]:
    """Microgrids whose cooperative has opened its page."""
    return Microgrid.objects.filter(cooperative__public_page__is_open=True).select_related("cooperative__public_page")


def is_large_enough(microgrid: Microgrid) -> bool:
    """Whether there are enough sites for totals to say nothing about one."""
    return microgrid.sites.count() >= FEWEST_SITES


def state_of(microgrid: Microgrid, month: Month) -> tuple[int, ...]:
    """Changes whenever something shown of the month may have changed: closed days, their revisions, posted runs."""
    rows = BalanceDay.objects.filter(microgrid=microgrid, is_current=True, day__range=(month.first_day, month.last_day))
    runs = BillingRun.objects.filter(microgrid=microgrid, period=month.number, status=RunStatus.POSTED)
    return rows.count(), rows.aggregate(sum=Sum("revision"))["sum"] or 0, runs.count()


def public_months(microgrid: Microgrid) -> list[Month]:
    """Months with closed days, the newest first."""
    days = BalanceDay.objects.filter(microgrid=microgrid, is_current=True).dates("day", "month", order="DESC")
    return [Month(day.year, day.month) for day in days]


def public_month(microgrid: Microgrid, month: Month) -> PublicMonth:
    """The month's closed days, its cents where it is billed."""
    rows = list(
        BalanceDay.objects.filter(microgrid=microgrid, is_current=True, day__range=(month.first_day, month.last_day)).order_by("day")
    )
    runs = list(BillingRun.objects.filter(microgrid=microgrid, period=month.number, status=RunStatus.POSTED))
    days = [row.day for row in rows]
    shared, exact, negative = _shared(microgrid, days)
    money = _money(runs) if runs else None
    paid = spread_minor(money.local_paid_minor, exact) if money else [None] * len(days)
    received = spread_minor(money.local_received_minor, exact) if money else [None] * len(days)
    return PublicMonth(
        month,
        [
            PublicDay(
                row.day,
                **{name: int(sum(getattr(row, column))) for name, column in BALANCE.items()},
                shared_wh=shared[i],
                negative_intervals=negative[i],
                paid_minor=paid[i],
                received_minor=received[i],
            )
            for i, row in enumerate(rows)
        ],
        money,
        _lines_without_energy(runs),
    )


def _shared(microgrid: Microgrid, days: Sequence[date]) -> tuple[list[int], list[int], list[int]]:
    """By day: Wh shared, their exact worth [Wh x millionths], intervals with a retail or local price below zero."""
    if not days:
        return [], [], []
    rows = {
        row.day: np.array(row.shared_wh, dtype=np.int64)
        for row in SharingDay.objects.filter(microgrid=microgrid, day__in=days, is_current=True)
    }
    shared, exact, negative = [], [], []
    for day in days:
        wh = rows.get(day, np.zeros(0, np.int64))
        try:
            prices = load_prices(microgrid_id=microgrid.pk, days=[day])
        except PricesMissing:
            prices = None
        shared.append(int(wh.sum()))
        exact.append(int(wh @ prices.local_micro) if prices is not None and len(wh) else 0)
        below = (prices.local_micro < 0) | (prices.retail_micro < 0) if prices is not None else np.zeros(0)
        negative.append(int(below.sum()))
    return shared, exact, negative


def _money(runs: Sequence[BillingRun]) -> PublicMoney:
    documents = Document.objects.filter(run__in=runs).exclude(status=DocumentStatus.DRAFT)
    sums = documents.aggregate(
        billed=Sum("gross_minor", filter=Q(kind=DocumentKind.BILL)),
        back=Sum("gross_minor", filter=Q(kind=DocumentKind.BILL_REVERSAL)),
        # What producers who are liable charge comes back from the tax office.
        vat=Sum("vat_minor", filter=Q(kind__in=[DocumentKind.BILL, DocumentKind.CREDIT_REVERSAL])),
        vat_back=Sum("vat_minor", filter=Q(kind__in=[DocumentKind.BILL_REVERSAL, DocumentKind.CREDIT])),
        given=Sum("gross_minor", filter=Q(kind=DocumentKind.CREDIT)),
        given_back=Sum("gross_minor", filter=Q(kind=DocumentKind.CREDIT_REVERSAL)),
    )
    found = {name: value or 0 for name, value in sums.items()}
    lines = DocumentLine.objects.filter(document__in=documents.order_by().values("pk"))
    of_bills = LedgerEntry.objects.filter(
        account__code="receivable", transaction__cause="document", transaction__cause_ref__in=documents.order_by().values("public_id")
    )
    booked = of_bills.aggregate(debits=Sum("debit_minor"), credits=Sum("credit_minor"))
    return PublicMoney(
        found["billed"] - found["back"],
        found["vat"] - found["vat_back"],
        _local(lines, Component.LOCAL),
        _local(lines, Component.LOCAL_DELIVERED),
        found["given"] - found["given_back"],
        (booked["debits"] or 0) - (booked["credits"] or 0),
    )


def _local(lines: QuerySet[DocumentLine], component: str) -> int:
    """Sum of a component, what was taken back counted against it."""
    back = Q(document__kind__in=[DocumentKind.BILL_REVERSAL, DocumentKind.CREDIT_REVERSAL])
    sums = lines.filter(component=component).aggregate(stands=Sum("net_minor", filter=~back), back=Sum("net_minor", filter=back))
    return (sums["stands"] or 0) - (sums["back"] or 0)


def _lines_without_energy(runs: Sequence[BillingRun]) -> int:
    metered = [Component.LOCAL, Component.GRID, Component.SPOT, Component.LOCAL_DELIVERED, Component.CARRIED, Component.EXPORT]
    lines = DocumentLine.objects.filter(document__run__in=runs, component__in=metered, quantity=0)
    return lines.exclude(net_minor=0).exclude(document__status=DocumentStatus.DRAFT).count()

"""A hamlet of seven sites with two closed days, one of them with 92 quarter hours, ready to be billed."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction

from billing.models import (
    ArrearsRule,
    BaseRate,
    BillingRun,
    Document,
    LedgerEntry,
    NumberSeries,
    ReminderStage,
    Tariff,
    TariffAssignment,
    TariffVersion,
    TimeWindow,
)
from billing.services.price_publication import publish_days
from billing.services.runs import run_month
from billing.services.tariffs import publish_version
from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.models import Channel, Meter, Microgrid, Site
from energy.models.meters import MeterKind
from energy.models.sites import SiteKind
from energy.services.partitions import ensure_months
from grid.services.day_close import close_day
from kernel.intervals import Month
from members.models import Cooperative, Member

NOW = datetime(2016, 4, 1, 6, tzinfo=UTC)
DAYS = [date(2016, 3, 26), date(2016, 3, 27)]
MARCH = Month(2016, 3)
CODES = ["b 10", "B 9", "Ä 1", "Z 1", "a 2", "B 10", "C-own"]  # by code point: B 10, B 9, C-own, Z 1, a 2, b 10, Ä 1
WITH_ROOF = {"B 9", "a 2", "C-own"}


@dataclass(frozen=True)
class Hamlet:
    """A microgrid and what was agreed in it."""

    microgrid: Microgrid
    tariff: Tariff
    version: TariffVersion

    @property
    def cooperative(self) -> Cooperative:
        return self.microgrid.cooperative

    def bill(self, **changes: Any) -> BillingRun:
        """The whole run of the two days."""
        return run_month(**({"microgrid": self.microgrid, "month": MARCH, "now": NOW, "days": DAYS} | changes))


def make_tariff(cooperative: Cooperative, code: str = "members", **prices: str) -> tuple[Tariff, TariffVersion]:
    """A published tariff with an evening peak."""
    tariff = Tariff.objects.create(cooperative=cooperative, code=code, name=code, is_reference=code == "members")
    chosen = {
        "standing_per_day": "0.105",
        "energy_per_kwh": "0.27",
        "export_per_kwh": "0.083",
        "incentive_per_kwh": "0.01",
        "vat_rate": "0.19",
    } | prices
    version = TariffVersion.objects.create(
        tariff=tariff, number=1, valid_from=date(2016, 1, 1), **{k: Decimal(v) for k, v in chosen.items()}
    )
    TimeWindow.objects.create(version=version, name="evening", start_minute=1020, end_minute=1260, multiplier=Decimal("1.2"))
    return tariff, publish_version(version=version, user=None, now=NOW)


def measure(microgrid: Microgrid, days: list[date], seed: int = 3, now: datetime = NOW) -> None:
    """Meter days of all sites, and the days closed."""
    chance = np.random.default_rng(seed)
    rows = []
    for meter in Meter.objects.filter(microgrid=microgrid).order_by("code"):
        for day in days:
            count = microgrid.local_day(day).interval_count
            sun = chance.integers(0, 400, count) * (meter.code in WITH_ROOF)
            net = chance.integers(0, 150, count) - sun
            for channel, values in ((Channel.IMPORT, np.maximum(net, 0)), (Channel.EXPORT, np.maximum(-net, 0))):
                rows.append(MeterDayRow(day, meter.pk, int(channel), values.astype(np.int32), np.zeros(count, np.int16)))
    ensure_months(table="energy_meterday", days=days)
    with transaction.atomic(), connection.cursor() as cursor:
        write_rows(cursor, rows, microgrid_id=microgrid.pk, provenance="test", now=now, replace=False)
    for day in days:
        close_day(microgrid=microgrid, day=day, now=now)


def make_hamlet(slug: str = "hamlet", *, closed: bool = True, published: bool = True) -> Hamlet:
    cooperative = Cooperative.objects.create(slug=slug, name=f"{slug} eG", vat_id="DE123456789")
    microgrid = Microgrid.objects.create(cooperative=cooperative, slug=slug, name=slug, time_zone="Europe/Berlin")
    tariff, version = make_tariff(cooperative)
    own, _ = make_tariff(cooperative, "own-sites", standing_per_day="0")
    for number, code in enumerate(CODES, start=1):
        is_own = code == "C-own"
        member = Member.objects.create(cooperative=cooperative, number=str(number), name=f"Member {number}", is_cooperative=is_own)
        site = Site.objects.create(microgrid=microgrid, member=member, code=code, name=code, kind=SiteKind.HOUSEHOLD)
        Meter.objects.create(microgrid=microgrid, site=site, kind=MeterKind.SITE, code=code)
        TariffAssignment.objects.create(site=site, tariff=own if is_own else tariff, valid_from=date(2016, 1, 1))
    if published:
        publish_days(microgrid=microgrid, days=DAYS, now=NOW)
    if closed:
        measure(microgrid, DAYS)
    return Hamlet(microgrid, tariff, version)


@pytest.fixture
def hamlet(db: None) -> Hamlet:
    return make_hamlet()


@pytest.fixture
def committed_hamlet(transactional_db: None) -> Hamlet:
    """The same, seen by other connections."""
    return make_hamlet()


def outcome(cooperative: Cooperative) -> dict[str, Any]:
    """All that a run leaves behind, without ids and times."""
    documents = {
        document.label: (
            document.kind,
            document.site.code,
            document.status,
            document.issue_date,
            document.due_date,
            document.payment_reference,
            document.net_minor,
            document.vat_minor,
            document.gross_minor,
            [
                (x.position, x.component, x.window, x.quantity, x.price, x.net_minor, x.vat_category, x.vat_rate)
                for x in document.lines.order_by("position")
            ],
            sorted(document.vat_sums.values_list("category", "rate", "net_minor", "vat_minor")),
        )
        for document in Document.objects.filter(cooperative=cooperative).select_related("site")
    }
    entries = sorted(
        (str(entry.account), entry.debit_minor, entry.credit_minor)
        for entry in LedgerEntry.objects.filter(account__cooperative=cooperative).select_related("account__member")
    )
    series = sorted(NumberSeries.objects.filter(cooperative=cooperative).values_list("series", "year", "next_number"))
    count = Document.objects.filter(cooperative=cooperative).count()
    return {"documents": documents, "count": count, "entries": entries, "series": series}


def at(day: date) -> datetime:
    """Noon of a day."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


@pytest.fixture
def owing(hamlet: Hamlet) -> Hamlet:
    """Posted bills due on 15 April, a rule of three stages, and interest."""
    hamlet.bill()
    rule = ArrearsRule.objects.create(
        cooperative=hamlet.cooperative, valid_from=date(2016, 1, 1), least_minor=100, charges_interest=True, proposal_least_minor=100
    )
    for level, days, fee in ((1, 7, 0), (2, 21, 250), (3, 42, 500)):
        ReminderStage.objects.create(rule=rule, level=level, days_after_due=days, fee_minor=fee)
    BaseRate.objects.create(valid_from=date(2016, 1, 1), percent=Decimal("-0.83"))
    return hamlet


def bill(owing: Hamlet) -> Document:
    """The largest open bill of a household."""
    return Document.objects.filter(kind="bill", status="open", member__is_cooperative=False).order_by("-gross_minor")[0]

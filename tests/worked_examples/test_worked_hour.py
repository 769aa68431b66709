"""The worked hour of the domain rules, section 4, to the last cent, through the real services.

Four quarter hours from 16:30; dynamic key; b = 0.30, from 17:00 to 21:00 x 1.2, f = 0.08; standing 0.10 a day; VAT 20 % for
consumers, none for producers. Ana, Ben (with a roof), Cem, and the cooperative's storage, which has a tariff without standing charge.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pytest
from django.db import connection, transaction

from billing.models import Document, Tariff, TariffAssignment, TariffVersion, TimeWindow
from billing.selectors.run_summary import summarise, trial_balance
from billing.services.price_publication import publish_days
from billing.services.runs import run_month
from billing.services.tariffs import publish_version
from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.models import Channel, Meter, Microgrid, Site
from energy.models.meters import MeterKind
from energy.models.sites import SiteKind
from energy.services.partitions import ensure_months
from grid.models import SharingDay
from grid.selectors.sharing import load_shares
from grid.services.day_close import close_day
from kernel.intervals import Month
from members.models import Cooperative, Member

DAY = date(2016, 3, 9)
NOW = datetime(2016, 4, 1, 6, tzinfo=UTC)
FIRST = 66  # the quarter hour that starts at 16:30
DRAWN = {"Ana": (600, 300, 500, 400), "Ben": (0, 0, 200, 100), "Cem": (100, 250, 300, 333), "Storage": (0, 0, 0, 0)}
FED_IN = {"Ana": (0, 0, 0, 0), "Ben": (900, 400, 0, 0), "Cem": (0, 0, 0, 0), "Storage": (0, 0, 700, 500)}

pytestmark = pytest.mark.django_db(transaction=False)


def tariff(cooperative: Cooperative, code: str, standing: str, *, reference: bool) -> Tariff:
    made = Tariff.objects.create(cooperative=cooperative, code=code, name=code, is_reference=reference)
    version = TariffVersion.objects.create(
        tariff=made,
        number=1,
        valid_from=date(2016, 1, 1),
        standing_per_day=Decimal(standing),
        energy_per_kwh=Decimal("0.30"),
        export_per_kwh=Decimal("0.08"),
        vat_rate=Decimal("0.20"),
    )
    TimeWindow.objects.create(version=version, name="peak", start_minute=1020, end_minute=1260, multiplier=Decimal("1.2"))
    publish_version(version=version, user=None, now=NOW)
    return made


@pytest.fixture
def hour() -> Iterator[Microgrid]:
    """The four sites with a day that is empty but for the worked hour."""
    cooperative = Cooperative.objects.create(slug="worked", name="Worked eG", vat_id="DE123456789")
    microgrid = Microgrid.objects.create(cooperative=cooperative, slug="worked", name="Worked", time_zone="Europe/Berlin")
    member_tariff = tariff(cooperative, "members", "0.10", reference=True)
    own_tariff = tariff(cooperative, "own-sites", "0", reference=False)
    rows = []
    for number, name in enumerate(DRAWN, start=1):
        own = name == "Storage"
        member = Member.objects.create(cooperative=cooperative, number=str(number), name=name, is_cooperative=own)
        kind = SiteKind.STORAGE if own else SiteKind.HOUSEHOLD
        site = Site.objects.create(microgrid=microgrid, member=member, code=name, name=name, kind=kind)
        TariffAssignment.objects.create(site=site, tariff=own_tariff if own else member_tariff, valid_from=date(2016, 1, 1))
        meter = Meter.objects.create(microgrid=microgrid, site=site, kind=MeterKind.SITE, code=name)
        for channel, values in ((Channel.IMPORT, DRAWN[name]), (Channel.EXPORT, FED_IN[name])):
            day = np.zeros(96, dtype=np.int32)
            day[FIRST : FIRST + 4] = values
            rows.append(MeterDayRow(DAY, meter.pk, int(channel), day, np.zeros(96, dtype=np.int16)))
    ensure_months(table="energy_meterday", days=[DAY])
    with transaction.atomic(), connection.cursor() as cursor:
        write_rows(cursor, rows, microgrid_id=microgrid.pk, provenance="worked", now=NOW, replace=False)
    publish_days(microgrid=microgrid, days=[DAY], now=NOW)
    close_day(microgrid=microgrid, day=DAY, now=NOW)
    yield microgrid


def test_the_hour_is_shared_to_the_watt_hour(hour):
    sites = {site.pk: site.code for site in Site.objects.filter(microgrid=hour)}
    shares = load_shares(microgrid=hour, days=[DAY], site_ids=sorted(sites))
    received = {sites[int(pk)]: row[FIRST : FIRST + 4].tolist() for pk, row in zip(shares.site_ids, shares.received_wh, strict=True)}
    delivered = {sites[int(pk)]: row[FIRST : FIRST + 4].tolist() for pk, row in zip(shares.site_ids, shares.delivered_wh, strict=True)}
    assert SharingDay.objects.get(microgrid=hour).matched_wh[FIRST : FIRST + 4] == [700, 400, 700, 500]
    assert received == {"Ana": [600, 218, 350, 240], "Ben": [0, 0, 140, 60], "Cem": [100, 182, 210, 200], "Storage": [0] * 4}
    assert delivered == {"Ana": [0] * 4, "Ben": [700, 400, 0, 0], "Cem": [0] * 4, "Storage": [0, 0, 700, 500]}


BILLS = {
    "Ana": (
        {
            ("standing", ""): (1, 10),
            ("local", "base"): (818, 16),
            ("local", "peak"): (590, 13),
            ("grid", "base"): (82, 2),
            ("grid", "peak"): (310, 11),
        },
        (52, 10, 62),
    ),
    "Ben": ({("standing", ""): (1, 10), ("local", "peak"): (200, 4), ("grid", "peak"): (100, 4)}, (18, 4, 22)),
    "Cem": (
        {
            ("standing", ""): (1, 10),
            ("local", "base"): (282, 5),
            ("local", "peak"): (410, 9),
            ("grid", "base"): (68, 2),
            ("grid", "peak"): (223, 8),
        },
        (34, 7, 41),
    ),
}
CREDITS = {
    "Ben": ({("local_delivered", ""): (1100, 21), ("export", ""): (200, 2)}, (23, 0, 23)),
    "Storage": ({("local_delivered", ""): (1200, 26)}, (26, 0, 26)),
}


def documents(run_id: int, kind: str) -> dict:
    return {
        document.site.code: (
            {(line.component, line.window): (line.quantity, line.net_minor) for line in document.lines.all()},
            (document.net_minor, document.vat_minor, document.gross_minor),
        )
        for document in Document.objects.filter(run_id=run_id, kind=kind)
    }


def test_the_hour_is_billed_and_credited_to_the_last_cent(hour):
    run = run_month(microgrid=hour, month=Month(2016, 3), now=NOW, days=[DAY])
    assert documents(run.pk, "bill") == BILLS
    assert documents(run.pk, "credit") == CREDITS
    balance = trial_balance(hour.cooperative)
    assert balance["receivable"] == 125
    assert balance["local_clearing"] == 0
    assert balance["payable"] == -49
    summary = summarise(run)
    assert (summary.net_minor, summary.vat_minor, summary.gross_minor) == (104, 21, 125)
    assert summary.residual_minor == 0


def test_running_the_month_again_changes_nothing(hour):
    first = run_month(microgrid=hour, month=Month(2016, 3), now=NOW, days=[DAY])
    labels = list(Document.objects.filter(run=first).order_by("pk").values_list("label", flat=True))
    again = run_month(microgrid=hour, month=Month(2016, 3), now=NOW, days=[DAY])
    assert again.pk == first.pk
    assert list(Document.objects.filter(run=again).order_by("pk").values_list("label", flat=True)) == labels

"""A hamlet with a workshop whose meter counts reactive energy, and two roofs that sell all they make: measured, closed, not yet billed."""

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import connection, transaction

from billing.models import Tariff, TariffAssignment, TariffVersion
from billing.services.tariffs import draft_from, publish_version
from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.models import Channel, Meter, Site, Source
from energy.models.meters import MeterKind
from energy.services.partitions import ensure_months
from grid.services.day_close import close_day
from tests.integration.billing.conftest import DAYS, NOW, Hamlet, make_hamlet

WORKSHOP, FLAT_ROOF, TIMED_ROOF = "b 10", "B 9", "a 2"
REACTIVE = {"kind": "reactive", "price": "0.0217", "free_share": "0.4843"}
SELLS = {"kind": "export", "rule": "buy_all_sell_all", "periods": [{"name": "all day", "tiers": [{"price": "0.083"}]}]}
TIMED = {
    "kind": "export",
    "rule": "buy_all_sell_all",
    "periods": [{"name": "noon", "tiers": [{"price": "0.04"}]}, {"name": "else", "tiers": [{"price": "0.09"}]}],
    "schedule": [{"period": 1, "from": "00:00", "to": "10:00"}, {"period": 1, "from": "15:00", "to": "24:00"}],
}


def make_tariff(hamlet: Hamlet, code: str, parts: list[dict[str, Any]], sites: list[str]) -> TariffVersion:
    """A tariff of flat energy with some parts, for some sites."""
    tariff = Tariff.objects.create(cooperative=hamlet.cooperative, code=code, name=code)
    version = TariffVersion.objects.create(
        tariff=tariff,
        number=1,
        valid_from=date(2016, 1, 1),
        standing_per_day=Decimal("0.105"),
        energy_per_kwh=Decimal("0.27"),
        export_per_kwh=Decimal("0.083"),
        vat_rate=Decimal("0.19"),
        parts=parts,
    )
    publish_version(version=version, user=None, now=NOW)
    TariffAssignment.objects.filter(site__microgrid=hamlet.microgrid, site__code__in=sites).update(tariff=tariff)
    return version


def make_works(slug: str = "works") -> Hamlet:
    """Seven sites; the price of the workshop's energy changes on the second day, that of its reactive energy does not."""
    hamlet = make_hamlet(slug, closed=False)
    first = make_tariff(hamlet, "workshop", [REACTIVE], [WORKSHOP])
    second = draft_from(version=first, now=NOW)
    second.valid_from, second.energy_per_kwh = DAYS[1], Decimal("0.29")
    second.save()
    publish_version(version=second, user=None, now=NOW)
    make_tariff(hamlet, "sells-flat", [SELLS], [FLAT_ROOF])
    make_tariff(hamlet, "sells-timed", [TIMED], [TIMED_ROOF])
    Meter.objects.filter(microgrid=hamlet.microgrid, code=WORKSHOP).update(reactive_from=DAYS[0])
    for code in (FLAT_ROOF, TIMED_ROOF):
        site = Site.objects.get(microgrid=hamlet.microgrid, code=code)
        roof = Source.objects.create(site=site, code=f"{code} roof", kind="solar", capacity_w=9000)
        Meter.objects.create(microgrid=hamlet.microgrid, site=site, kind=MeterKind.SOURCE, source=roof, code=f"{code} roof")
    return hamlet


def measure_works(hamlet: Hamlet, *, reactive: bool = True, seed: int = 5) -> None:
    """Meter days of all registers, and the days closed; own use is what of the roof's the meter did not see."""
    chance, rows = np.random.default_rng(seed), []
    for site in Site.objects.filter(microgrid=hamlet.microgrid).order_by("code"):
        meters = {meter.kind: meter for meter in site.meters.all()}
        for day in DAYS:
            count = hamlet.microgrid.local_day(day).interval_count
            made = chance.integers(0, 900, count) * (MeterKind.SOURCE in meters)
            net = chance.integers(0, 400, count) - made
            found = [
                (MeterKind.SITE, Channel.IMPORT, np.maximum(net, 0)),
                (MeterKind.SITE, Channel.EXPORT, np.maximum(-net, 0)),
                (MeterKind.SOURCE, Channel.PRODUCTION, made),
                # The first day hardly any, the second a lot: each day for itself would be another sum.
                (MeterKind.SITE, Channel.REACTIVE, chance.integers(0, 120 + 400 * (day == DAYS[1]), count)),
            ]
            for kind, channel, values in found:
                if kind in meters and (channel != Channel.REACTIVE or (reactive and site.code == WORKSHOP)):
                    quality = np.zeros(count, np.int16)
                    rows.append(MeterDayRow(day, meters[kind].pk, int(channel), values.astype(np.int32), quality))
    ensure_months(table="energy_meterday", days=DAYS)
    with transaction.atomic(), connection.cursor() as cursor:
        write_rows(cursor, rows, microgrid_id=hamlet.microgrid.pk, provenance="test", now=NOW, replace=False)
    for day in DAYS:
        close_day(microgrid=hamlet.microgrid, day=day, now=NOW)

"""A yard for tests of storages: somebody who draws, somebody with a roof, a battery; days written interval by interval."""

from datetime import UTC, date, datetime

import numpy as np
from django.db import connection, transaction

from billing.models import Tariff, TariffAssignment, TariffVersion
from billing.services.tariffs import publish_version
from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.models import Channel, Meter, Microgrid, Site, StorageUnit
from energy.models.meters import MeterKind
from energy.models.sites import SiteKind
from energy.services.partitions import ensure_months
from grid.models import DayClosing, StorageDay
from grid.services.day_close import close_day
from members.models import Cooperative, Member

FIRST, SPRING_FORWARD, THIRD = date(2016, 3, 26), date(2016, 3, 27), date(2016, 3, 28)
NOW = datetime(2016, 4, 1, 6, tzinfo=UTC)
NIGHT, NOON, EVENING = 8, 48, 72


class Yard:
    """Ana draws, Ben has a roof, the cooperative a battery; days are written interval by interval."""

    def __init__(self) -> None:
        self.cooperative = Cooperative.objects.create(slug="yard", name="Yard eG", vat_id="DE999999999")
        self.microgrid = Microgrid.objects.create(cooperative=self.cooperative, slug="yard", name="Yard", time_zone="Europe/Berlin")
        self.tariff = self._tariff()
        self.meters = {name: self._site(name) for name in ("Ana", "Ben", "Store")}
        site = Site.objects.get(code="Store")
        self.storage = StorageUnit.objects.create(
            site=site,
            code="battery",
            capacity_wh=20_000,
            charge_max_w=9000,
            discharge_max_w=9000,
            eta_charge="0.9",
            eta_discharge="0.8",
            soc_max_wh=20_000,
            soc_wh=0,
        )
        self.battery = Meter.objects.create(
            microgrid=self.microgrid, site=site, kind=MeterKind.STORAGE, storage=self.storage, code="battery"
        )

    def _tariff(self) -> Tariff:
        made = Tariff.objects.create(cooperative=self.cooperative, code="t", name="T", is_reference=True)
        version = TariffVersion.objects.create(
            tariff=made,
            number=1,
            valid_from=date(2016, 1, 1),
            standing_per_day="0.10",
            energy_per_kwh="0.30",
            export_per_kwh="0.08",
            vat_rate="0.20",
        )
        publish_version(version=version, user=None, now=NOW)
        return made

    def _site(self, name: str) -> Meter:
        member = Member.objects.create(cooperative=self.cooperative, number=name, name=name, is_cooperative=name == "Store")
        site = Site.objects.create(microgrid=self.microgrid, member=member, code=name, name=name, kind=SiteKind.HOUSEHOLD)
        TariffAssignment.objects.create(site=site, tariff=self.tariff, valid_from=date(2016, 1, 1))
        return Meter.objects.create(microgrid=self.microgrid, site=site, kind=MeterKind.SITE, code=name)

    def measure(self, day: date, *steps: tuple[int, str, int, int], version: int = 1) -> None:
        """Write a final day: (interval, who, import or charge, export or discharge); the battery's site meters the same."""
        count = self.microgrid.local_day(day).interval_count
        values = {
            (meter.pk, int(channel)): np.zeros(count, dtype=np.int32)
            for meter, channels in (
                *((m, (Channel.IMPORT, Channel.EXPORT)) for m in self.meters.values()),
                (self.battery, (Channel.CHARGE, Channel.DISCHARGE)),
            )
            for channel in channels
        }
        for interval, who, taken, given in steps:
            meter = self.meters[who]
            values[meter.pk, int(Channel.IMPORT)][interval] += taken
            values[meter.pk, int(Channel.EXPORT)][interval] += given
            if who == "Store":
                values[self.battery.pk, int(Channel.CHARGE)][interval] += taken
                values[self.battery.pk, int(Channel.DISCHARGE)][interval] += given
        rows = [MeterDayRow(day, pk, channel, row, np.zeros(count, np.int16), version, 1) for (pk, channel), row in values.items()]
        ensure_months(table="energy_meterday", days=[day])
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE energy_meterday SET is_current = false WHERE day = %s", [day])
            write_rows(cursor, rows, microgrid_id=self.microgrid.pk, provenance="test", now=NOW, replace=False)

    def close(self, day: date) -> DayClosing:
        return close_day(microgrid=self.microgrid, day=day, now=NOW)

    def stored(self, day: date) -> StorageDay:
        return StorageDay.objects.get(storage=self.storage, day=day, is_current=True)

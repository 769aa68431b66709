"""Three tariffs for the synthetic village: peak hours, tiers with demand, weekend; one of them changes inside the month."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from billing.models import Tariff, TariffVersion, TimeWindow
from billing.models.tariffs import WindowDays
from billing.services.tariffs import draft_from, publish_version
from energy.models import Microgrid
from microgrid_site.demo.cooperative import BEGINNING, PEAK, PRICES

WEEKEND = {"name": "weekend", "days": WindowDays.WEEKENDS, "start_minute": 0, "end_minute": 1440, "multiplier": Decimal("0.8")}
STEPS: list[dict[str, Any]] = [
    {
        "kind": "energy",
        "periods": [{"name": "all hours", "tiers": [{"price": "0.24", "up_to": "150", "unit": "month"}, {"price": "0.33"}]}],
    },
    {"kind": "demand", "periods": [{"name": "all day", "tiers": [{"price": "1.20"}]}]},
]


def agree_on_tariffs(microgrid: Microgrid, change_on: date, now: datetime) -> None:
    """A third of the sites under each tariff; the demo's own gets dearer on a day inside the month."""
    village = Tariff.objects.get(cooperative=microgrid.cooperative, is_reference=True)
    weekend = _tariff(village, "weekend", "Weekend", now, windows=(WEEKEND,))
    steps = _tariff(village, "steps", "Steps", now, parts=STEPS, incentive_per_kwh=Decimal(0))
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE billing_tariffassignment a SET tariff_id = (%s::bigint[])[1 + a.site_id %% 3]
               FROM energy_site s WHERE s.id = a.site_id AND s.microgrid_id = %s""",
            [[village.pk, weekend.pk, steps.pk], microgrid.pk],
        )
    dearer = draft_from(version=village.versions.get(), now=now)
    dearer.valid_from, dearer.energy_per_kwh = change_on, Decimal("0.29")
    dearer.save()
    publish_version(version=dearer, user=None, now=now)


def _tariff(village: Tariff, code: str, name: str, now: datetime, windows: tuple[dict[str, Any], ...] = (PEAK,), **terms: Any) -> Tariff:
    tariff = Tariff.objects.create(cooperative=village.cooperative, code=code, name=name)
    version = TariffVersion.objects.create(tariff=tariff, number=1, valid_from=BEGINNING, **{**PRICES, **terms})
    if "parts" not in terms:
        for window in windows:
            TimeWindow.objects.create(version=version, **window)
    publish_version(version=version, user=None, now=now)
    return tariff

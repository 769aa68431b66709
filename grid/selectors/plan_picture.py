"""A plan beside what happened, as figures a page draws and an API tells."""

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from energy.models import Microgrid, Site
from grid.models import GridState, Plan
from grid.selectors.plans import cycled_this_month, newest_plan, storages_of

PAST = timedelta(hours=6)
WORDS = {"least_cost": "The plan of least cost", "shifted": "The plan before, moved on", "rule": "The plain rule"}


@dataclass(frozen=True, slots=True)
class HourLine:
    """An hour of a plan: mean powers [W], what is stored at its end [Wh], price and shadow price per kWh, and why."""

    begins: str
    charge_w: float
    discharge_w: float
    import_w: float
    export_w: float
    soc_wh: int
    retail: float
    worth: float
    why: str


@dataclass(frozen=True, slots=True)
class StorageLine:
    """One storage: what the plan asks of it now, and how much it was cycled this month beside the mean."""

    code: str
    site: Site
    charge_w: int
    discharge_w: int
    soc_wh: int
    cycles: float
    mean_cycles: float


def hour_lines(plan: Plan) -> list[HourLine]:
    """The plan by hour; an hour's sentence is its first interval's."""
    per_hour = max(60 // plan.interval_minutes, 1)
    charge, discharge, soc = (_sum(plan, name) for name in ("charge_w", "discharge_w", "soc_wh"))
    step = timedelta(minutes=plan.interval_minutes)
    zone = plan.microgrid.zone
    lines = []
    first = (-plan.origin_at.minute // plan.interval_minutes) % per_hour
    edges = [0, *range(first or per_hour, len(plan.use_w), per_hour), len(plan.use_w)]
    for begin, end in itertools.pairwise(edges):
        if begin == end:
            continue
        part = slice(begin, end)
        lines.append(
            HourLine(
                date_format((plan.origin_at + begin * step).astimezone(zone), "D H:i"),
                float(charge[part].mean()),
                float(discharge[part].mean()),
                float(np.mean(plan.import_w[part])),
                float(np.mean(plan.export_w[part])),
                int(soc[end - 1]),
                plan.retail_micro[begin] / 1e6,
                plan.energy_micro[begin] / 1e6,
                plan.sentences[begin],
            )
        )
    return lines


def _sum(plan: Plan, name: str) -> np.ndarray:
    rows = [getattr(row, name) for row in plan.storages.all()]
    return np.sum(rows, axis=0) if rows else np.zeros(len(plan.use_w))


def storage_lines(microgrid: Microgrid, plan: Plan, now: datetime) -> list[StorageLine]:
    """Every storage with its figure of fairness."""
    storages = storages_of(microgrid)
    cycles = cycled_this_month(microgrid, storages, now)
    mean = float(cycles.mean()) if len(cycles) else 0.0
    rows = {row.storage_id: row for row in plan.storages.all()}
    return [
        StorageLine(
            storage.code,
            storage.site,
            rows[storage.pk].charge_w[0],
            rows[storage.pk].discharge_w[0],
            rows[storage.pk].soc_wh[0],
            float(cycles[i]),
            mean,
        )
        for i, storage in enumerate(storages)
        if storage.pk in rows and rows[storage.pk].charge_w
    ]


def plan_picture(microgrid: Microgrid, plan: Plan, now: datetime) -> dict[str, Any]:
    """Series for charts: what happened in the last hours solid, what is planned dashed; prices and what is stored beside them.

    What happened is the mean of the ticks of each interval; what was planned for it is what its own plan said.
    """
    step = timedelta(minutes=plan.interval_minutes)
    past = int(PAST / step)
    begins = [plan.origin_at + i * step for i in range(-past, len(plan.use_w))]
    zone = microgrid.zone
    labels = [f"{at.astimezone(zone):%H:%M}" for at in begins]
    ahead: list[None] = [None] * past
    actual = _actual(microgrid, begins, step, now)
    # What each hour's own plan said is on the same axis: the first interval of the plans of the last hours.
    before = {p.origin_at: p for p in Plan.objects.filter(microgrid=microgrid, origin_at__gte=begins[0], origin_at__lt=plan.origin_at)}

    def planned(name: str) -> list[int | None]:
        own = [getattr(before[at], name)[0] if at in before and getattr(before[at], name) else None for at in begins[:past]]
        return [*own, *getattr(plan, name)]

    micro = [None if v is None else round(v / 1e6, 4) for v in planned("retail_micro")]
    return {
        "power": {
            "unit": "W",
            "labels": labels,
            "series": [
                {"name": _("bought"), "values": actual["import_w"], "colour": "public"},
                {"name": _("bought, planned"), "values": planned("import_w"), "colour": "public", "style": "dashed"},
                {"name": _("sold, planned"), "values": planned("export_w"), "colour": "solar", "style": "dashed"},
                {"name": _("use, foreseen"), "values": planned("use_w"), "colour": "use", "style": "dotted"},
            ],
        },
        "stored": {
            "unit": "Wh",
            "labels": labels,
            "series": [
                {"name": _("stored"), "values": actual["storage_wh"], "colour": "storage", "fill": "storage"},
                {"name": _("stored, planned"), "values": [*ahead, *_sum(plan, "soc_wh").tolist()], "colour": "storage", "style": "dashed"},
            ],
        },
        "price": {
            "unit": "price",
            "labels": labels,
            "series": [
                {"name": _("price of the public grid"), "values": micro, "colour": "public"},
                {
                    "name": _("worth of one more kWh"),
                    "values": [*ahead, *(round(v / 1e6, 4) for v in plan.energy_micro)],
                    "colour": "ink",
                    "style": "dashed",
                },
            ],
        },
    }


def _actual(microgrid: Microgrid, begins: list[datetime], step: timedelta, now: datetime) -> dict[str, list[int | None]]:
    """Means of the ticks by interval; None where there was none."""
    names = ("import_w", "storage_wh")
    ticks = GridState.objects.filter(microgrid=microgrid, at__gte=begins[0], at__lte=now)
    found: dict[int, list[tuple[int, ...]]] = {}
    for at, *values in ticks.values_list("at", *names):
        found.setdefault((at - begins[0]) // step, []).append(tuple(values))
    means = {place: np.mean(values, axis=0) for place, values in found.items()}
    return {name: [round(float(means[i][k])) if i in means else None for i in range(len(begins))] for k, name in enumerate(names)}


def plan_at(microgrid: Microgrid, now: datetime) -> Plan | None:
    """The plan in force, its storages at hand."""
    plan = newest_plan(microgrid, before=now)
    if plan is None:
        return None
    return Plan.objects.prefetch_related("storages__storage").select_related("microgrid").get(pk=plan.pk)

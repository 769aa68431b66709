"""Training a microgrid's models, keeping them, and finding the one in force."""

import json
import zlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache

import numpy as np

from energy.domain.forecast_calendar import country_of_zone
from energy.domain.forecast_clock import clock_of_habits
from energy.domain.forecast_features import FOLD_DAYS, Calendar
from energy.domain.forecast_model import VERSION, Model, Recipe, from_texts
from energy.domain.forecast_quantiles import Margins
from energy.domain.forecasting import train_on
from energy.models import ForecastModel, Microgrid
from energy.selectors.forecasts import is_losing_its_lead
from energy.selectors.metered_series import MeteredSeries, history_days, instant64, metered_series
from energy.selectors.weather import outlook

TRAIN_AGAIN_AFTER = timedelta(days=7)
DRIFT_PATIENCE = timedelta(days=2)
LONGEST_HORIZON = timedelta(days=3)
FIRST, WEEK, DRIFT = "first model", "a week has passed", "the lead over habit shrinks"


@dataclass(frozen=True, slots=True)
class ModelInForce:
    """A stored model and its trees, margins in the order of some meters."""

    row: ForecastModel
    model: Model


def calendar_of(microgrid: Microgrid) -> Calendar:
    """Holidays of the country in whose time zone the microgrid lies."""
    return Calendar(country_of_zone(microgrid.time_zone))


def recipe_of(microgrid: Microgrid) -> Recipe:
    """The recipe of the studies, whatever the microgrid."""
    return Recipe()


def reason_to_train(*, microgrid: Microgrid, quantity: str, until: datetime) -> str:
    """Why a model should be trained with what was known at `until`; empty where the one in force will do."""
    newest = _newest(microgrid, quantity, until)
    if newest is None:
        return FIRST
    if until - newest.trained_until >= TRAIN_AGAIN_AFTER:
        return WEEK
    drifting = is_losing_its_lead(microgrid, quantity, before=until)
    return DRIFT if drifting and until - newest.trained_until >= DRIFT_PATIENCE else ""


def train_model(
    *, microgrid: Microgrid, quantity: str, until: datetime, reason: str, now: datetime, recipe: Recipe | None = None
) -> ForecastModel | None:
    """Train with what was known before `until` and keep the model; None where too little was known. Twice is a no-op."""
    known = ForecastModel.objects.filter(microgrid=microgrid, quantity=quantity, trained_until=until).first()
    if known is not None:
        return known
    chosen = recipe or recipe_of(microgrid)
    history = history_before(microgrid, quantity, until, chosen.training_days + FOLD_DAYS)
    if history is None or not history.meter_ids:
        return None
    clock = clock_of_habits(history.series, instant64(until))
    ahead = outlook(
        microgrid=microgrid, first_at=until - timedelta(days=chosen.training_days), last_at=until, known_at=until, clock=clock
    ).ahead
    history = replace(history, series=history.series.by(clock))
    model = train_on(history.series, instant64(until), calendar_of(microgrid), ahead, chosen)
    return None if model is None else _keep(microgrid, quantity, until, reason, now, history, model)


def _keep(
    microgrid: Microgrid, quantity: str, until: datetime, reason: str, now: datetime, history: MeteredSeries, model: Model
) -> ForecastModel:
    row, _ = ForecastModel.objects.get_or_create(
        microgrid=microgrid,
        quantity=quantity,
        trained_until=until,
        defaults={
            "made_at": now,
            "reason": reason,
            "version": VERSION,
            "rows": model.rows,
            "clock_offset_s": _offset_s(microgrid, history),
            "trees": zlib.compress(json.dumps([*model.as_texts(), model.trained_slot]).encode(), 6),
            "meter_ids": history.meter_ids,
            "low_margins": model.band_margins.low.tolist(),
            "high_margins": model.band_margins.high.tolist(),
            "sum_share": model.sum_share,
        },
    )
    return row


def history_before(microgrid: Microgrid, quantity: str, until: datetime, most_days: int) -> MeteredSeries | None:
    """Readings of the local days up to `until`; what ended later is cut off by whoever forecasts."""
    last = (until - timedelta(microseconds=1)).astimezone(microgrid.zone).date()
    days = history_days(microgrid, last=last, most=most_days)
    return metered_series(microgrid=microgrid, quantity=quantity, days=days) if days else None


def model_in_force(*, microgrid: Microgrid, quantity: str, origin_at: datetime, meter_ids: list[int]) -> ModelInForce | None:
    """The newest model that had seen nothing after the origin, its margins for these meters."""
    row = _newest(microgrid, quantity, origin_at)
    if row is None or row.version != VERSION:
        return None
    low, high = (_margins(row, margins, meter_ids) for margins in (row.low_margins, row.high_margins))
    texts = _unpacked(row.pk)
    model = from_texts(texts[:3], Margins(low, high), int(texts[3]), row.rows, row.sum_share)
    return ModelInForce(row, model)


def _newest(microgrid: Microgrid, quantity: str, until: datetime) -> ForecastModel | None:
    found = ForecastModel.objects.filter(microgrid=microgrid, quantity=quantity, trained_until__lte=until)
    return found.order_by("-trained_until").first()


def _offset_s(microgrid: Microgrid, history: MeteredSeries) -> int | None:
    """The unchanging clock's offset; None where the days are those of the microgrid's zone."""
    clock = history.series.zone
    offset = None if clock is microgrid.zone else clock.utcoffset(None)
    return None if offset is None else int(offset.total_seconds())


def clock_of(microgrid: Microgrid, row: ForecastModel | None) -> tzinfo:
    """The clock by which a model's meters live."""
    if row is None or row.clock_offset_s is None:
        return microgrid.zone
    return timezone(timedelta(seconds=row.clock_offset_s))


def _margins(row: ForecastModel, margins: list[float], meter_ids: list[int]) -> np.ndarray:
    """Margins for meters in another order; a meter that is new has the middle one."""
    known = dict(zip(row.meter_ids, margins, strict=False))
    middle = float(np.median(margins))
    return np.array([*(known.get(pk, middle) for pk in meter_ids), margins[-1]])


@lru_cache(maxsize=8)
def _unpacked(model_id: int) -> tuple[str, ...]:
    trees = ForecastModel.objects.values_list("trees", flat=True).get(pk=model_id)
    return tuple(str(part) for part in json.loads(zlib.decompress(bytes(trees))))

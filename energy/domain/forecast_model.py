"""One model over all meters: gradient-boosted trees for the 10, 50 and 90 % quantiles (LightGBM), trained on past days only.

A row of training is one step behind one past origin of one meter, in shares of that meter's level. Beside the meters and their sum
the model learns from sums of random groups of meters: few microgrids have many totals, and a total behaves as no single meter does.
The band's ends are trained without the newest days, which then tell how wide it has to be.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from energy.domain.forecast_calendar import weekdays
from energy.domain.forecast_features import Ahead, Calendar, Past, features, habit_columns, past_before, unrest
from energy.domain.forecast_nowcast import NOWCAST_DAYS, SumPast, nowcast
from energy.domain.forecast_quantiles import HIGH, LOW, MIDDLE, Band, Margins, margins, moved, no_margins, ordered_band
from energy.domain.forecast_series import WallGrid

if TYPE_CHECKING:
    import lightgbm as lgb

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

VERSION = "1"
LARGEST_SHARE = 50.0
LEAST_UNREST = 0.05
# Of a model that is too young to be tried: it knows few days.
USUAL_SUM_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is trained; chosen on weeks before those on which it was scored (docs/forecasts.md).

    Attributes:
        training_days: how far back its origins go.
        calibration_days: newest days that the band's ends do not see.
        least_days: fewer known days make no model.
        meters_per_origin, groups_per_origin: how many are drawn for each origin.
        kinds: into how many kinds the meters are sorted, so that rare ones are drawn too.
        midday_share: share of days on which an origin within the day is drawn as well.
        step_share: share of the steps that are drawn of each row.
        rounds, band_rounds: trees for the median, for each end of the band.
        threads: fixed, so that the same data give the same trees.
    """

    training_days: int = 240
    calibration_days: int = 14
    least_days: int = 21
    groups: int = 24
    kinds: int = 10
    meters_per_origin: int = 14
    groups_per_origin: int = 6
    midday_share: float = 0.3
    step_share: float = 0.3
    rounds: int = 300
    band_rounds: int = 60
    learning_rate: float = 0.08
    leaves: int = 31
    least_rows_in_leaf: int = 200
    feature_fraction: float = 0.3
    bagging_fraction: float = 0.6
    bins: int = 63
    threads: int = 1
    seed: int = 20160101


@dataclass(frozen=True, slots=True)
class Model:
    """Trees and margins of one kind of meters at one instant.

    Attributes:
        boosters: for the 10, 50 and 90 % quantile.
        band_margins: for each meter and the sum, in their order when it was trained.
        trained_slot: the first wall-clock slot it has not seen.
        rows: how many rows it was trained on.
        sum_share: how much it counts beside a nowcast of the sum, 0 to 1.
    """

    boosters: "tuple[lgb.Booster, lgb.Booster, lgb.Booster]"
    band_margins: Margins
    trained_slot: int
    rows: int
    sum_share: float = USUAL_SUM_SHARE

    def as_texts(self) -> list[str]:
        """The trees in LightGBM's own text form, in the order of the quantiles."""
        return [str(booster.model_to_string()) for booster in self.boosters]


def from_texts(texts: Sequence[str], band_margins: Margins, trained_slot: int, rows: int, sum_share: float) -> Model:
    """A model from its stored trees."""
    import lightgbm as lgb  # takes a second, and few processes forecast

    low, middle, high = (lgb.Booster(model_str=text) for text in texts)
    return Model((low, middle, high), band_margins, trained_slot, rows, sum_share)


def train(grid: WallGrid, calendar: Calendar, ahead: Ahead, recipe: Recipe) -> Model | None:
    """Train on all that `grid` knows; its last row is the sum of the others. None where too little is known.

    The rows drawn depend on the days and the number of meters alone: the same past gives the same trees.
    """
    meters = grid.values_wh.shape[0] - 1
    if meters < 1 or int(grid.days_known.max(initial=0)) < recipe.least_days:
        return None
    wide = grid.with_sums(_random_groups(meters, recipe))
    held_out = recipe.calibration_days * grid.slots_per_day
    has_calibration = int(grid.days_known.max()) >= 2 * recipe.least_days
    known = _training_rows(wide, meters, grid.width, calendar, ahead, recipe)
    if known is None:
        return None
    numbers, shares, ends, weights = known
    older = ends <= grid.width - held_out
    if not has_calibration or 2 * int(older.sum()) < len(ends):
        has_calibration, older = False, np.ones(len(ends), dtype=np.bool_)

    import lightgbm as lgb

    everything = lgb.Dataset(
        numbers,
        shares,
        weight=weights,
        free_raw_data=False,
        params={"max_bin": recipe.bins, "num_threads": recipe.threads, "verbose": -1, "feature_pre_filter": False},
    ).construct()
    newest = everything.subset(np.flatnonzero(older).tolist())
    low, middle, high = (
        _grow(rows, quantile, habit, recipe)
        for rows, quantile, habit in (
            (newest, LOW, habits(numbers[older], 0)),
            (everything, MIDDLE, habits(numbers, 1)),
            (newest, HIGH, habits(numbers[older], 2)),
        )
    )
    model = Model((low, middle, high), no_margins(meters + 1), grid.first_day * grid.slots_per_day + grid.width, len(shares))
    if not has_calibration:
        return model
    fitting, sum_share = _calibrated(model, grid, calendar, ahead, recipe)
    return replace(model, band_margins=fitting, sum_share=sum_share)


def predict(model: Model, past: Past, steps: Rows, calendar: Calendar, ahead: Ahead, threads: int) -> Band:
    """Foresee the meters and their sum, which is the last row of `past` [Wh]."""
    low, middle, high = _shares(model, past, steps, calendar, ahead, threads)
    level = np.nan_to_num(past.level_wh)[:, None]
    low, high = moved(low, high, model.band_margins)
    return ordered_band(low * level, middle * level, high * level)


def habits(numbers: NDArray[np.float32], quantile: int) -> Array:
    """What the like days say, from which the trees start; float64 [rows], 0 where there are none."""
    return np.nan_to_num(numbers[:, habit_columns()[quantile]].astype(np.float64))


def _random_groups(meters: int, recipe: Recipe) -> list[Rows]:
    """Some random groups of meters, of a tenth to three quarters of them; none where there are few."""
    if meters < 8:
        return []
    draw = np.random.default_rng(recipe.seed)
    sizes = draw.integers(max(meters // 10, 2), max(3 * meters // 4, 3), size=recipe.groups)
    return [np.sort(draw.permutation(meters)[:size]).astype(np.int64) for size in sizes]


def _training_rows(
    grid: WallGrid, meters: int, cut: int, calendar: Calendar, ahead: Ahead, recipe: Recipe
) -> tuple[NDArray[np.float32], NDArray[np.float32], Rows, NDArray[np.float32]] | None:
    """Features, shares of the level, the column behind each target and its weight, for all origins whose day had ended.

    A meter weighs the less the more its days differ anyway, so that an improvement counts alike for a dairy and a flat.
    """
    per_day = grid.slots_per_day
    numbers, shares, ends, weights = [], [], [], []
    kinds = kinds_of_meters(grid, meters, recipe.kinds)
    for origin in _origins(grid, cut, recipe):
        rows = _drawn_meters(grid, meters, kinds, origin, recipe)
        past = past_before(grid, origin, rows)
        target = grid.values_wh[rows, origin : origin + per_day]
        level = past.level_wh[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.minimum(target / level, LARGEST_SHARE)
        use = grid.measured[rows, origin : origin + per_day] & (level > 0) & np.isfinite(share)
        use &= _draw(grid, origin, recipe, 2).random(use.shape) < recipe.step_share
        if not use.any():
            continue
        steps = np.arange(per_day)
        numbers.append(features(past, steps, calendar, ahead, total=0)[use])
        shares.append(share[use].astype(np.float32))
        ends.append(np.broadcast_to(origin + steps + 1, use.shape)[use])
        calm = 1.0 / np.maximum(np.nan_to_num(unrest(past), nan=1.0), LEAST_UNREST)
        weights.append(np.broadcast_to(calm[:, None], use.shape)[use].astype(np.float32))
    if not numbers:
        return None
    return np.concatenate(numbers), np.concatenate(shares), np.concatenate(ends), np.concatenate(weights)


def _origins(grid: WallGrid, cut: int, recipe: Recipe) -> list[int]:
    """Columns at which past forecasts start: each midnight, and on some days another time of day."""
    per_day = grid.slots_per_day
    first = max(cut // per_day - recipe.training_days, 7)
    result = []
    for day in range(first, cut // per_day + 1):
        number = grid.first_day + day
        midday = day * per_day + (number * 7 % 23 + 1) * per_day // 24
        drawn = np.random.default_rng([recipe.seed, number]).random() < recipe.midday_share
        result += [day * per_day] + ([midday] if drawn else [])
    return [origin for origin in result if origin + per_day <= cut]


def _drawn_meters(grid: WallGrid, meters: int, kinds: list[Rows], origin: int, recipe: Recipe) -> Rows:
    """The sum first, then some meters and some random groups, by a draw that depends on the instant and the kinds alone.

    Half of the meters are drawn kind by kind: else one dairy among a hundred flats would hardly be learned from.
    """
    draw = _draw(grid, origin, recipe, 1)
    groups = grid.values_wh.shape[0] - meters - 1
    single = draw.permutation(meters)[: recipe.meters_per_origin // 2]
    of_kinds = [kinds[i][draw.integers(len(kinds[i]))] for i in draw.integers(len(kinds), size=recipe.meters_per_origin - len(single))]
    grouped = np.sort(draw.permutation(groups)[: recipe.groups_per_origin]) + meters + 1
    return np.concatenate([[meters], np.unique([*single, *of_kinds]), grouped]).astype(np.int64)


def kinds_of_meters(grid: WallGrid, meters: int, most: int) -> list[Rows]:
    """Meters that are alike in the shape of their days, at most so many kinds: each next kind begins with the one least alike.

    (Gonzalez 1985, farthest-first traversal.)
    """
    shapes = _shapes(grid, meters)
    centres = [int(np.argmax(np.abs(shapes).sum(axis=1)))]
    apart = np.abs(shapes - shapes[centres[0]]).sum(axis=1)
    while len(centres) < most and apart.max() > 1e-6:
        centres.append(int(apart.argmax()))
        apart = np.minimum(apart, np.abs(shapes - shapes[centres[-1]]).sum(axis=1))
    distances = np.abs(shapes[:, None] - shapes[centres][None]).sum(axis=2)
    nearest = distances.argmin(axis=1)
    return [np.flatnonzero(nearest == kind) for kind in range(len(centres))]


def _shapes(grid: WallGrid, meters: int) -> Array:
    """Each meter's mean day on workdays and at the weekend, in shares of its level by four hours, and its unrest; [m, 13]."""
    past = past_before(grid, grid.width)
    ages = np.arange(1, past.folded.shape[1] + 1)
    # Steps of the fold begin at the cut's time of day: rolled, they begin at midnight.
    turned = np.roll(past.folded[:meters], grid.width % grid.slots_per_day, axis=2)
    weekend = weekdays(past.cut_slot // past.slots_per_day - ages) > 4
    blocks = np.nan_to_num(turned).reshape(meters, len(ages), 6, -1).mean(axis=3)
    shapes = [blocks[:, days].mean(axis=1) for days in (~weekend, weekend)]
    return np.hstack([*shapes, np.nan_to_num(unrest(past))[:meters, None]])


def _draw(grid: WallGrid, origin: int, recipe: Recipe, purpose: int) -> np.random.Generator:
    """Chance that depends on the instant alone, so that the same past is drawn from alike whatever came before it."""
    return np.random.default_rng([recipe.seed, grid.first_day * grid.slots_per_day + origin, purpose])


def _grow(rows: "lgb.Dataset", quantile: float, habit: Array, recipe: Recipe) -> "lgb.Booster":
    """Trees that tell by how much a quantile lies off habit."""
    import lightgbm as lgb

    objective = {"objective": "l1"} if quantile == MIDDLE else {"objective": "quantile", "alpha": quantile}
    count = rows.construct().num_data()
    settings = objective | {
        "learning_rate": recipe.learning_rate,
        "num_leaves": recipe.leaves,
        "max_bin": recipe.bins,
        "min_data_in_leaf": min(recipe.least_rows_in_leaf, max(count // 50, 1)),
        "feature_fraction": recipe.feature_fraction,
        "bagging_fraction": recipe.bagging_fraction,
        "bagging_freq": 1,
        "seed": recipe.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": recipe.threads,
        "verbose": -1,
    }
    rounds = recipe.rounds if quantile == MIDDLE else recipe.band_rounds
    return lgb.train(settings, rows.set_init_score(habit), num_boost_round=rounds)


def _shares(model: Model, past: Past, steps: Rows, calendar: Calendar, ahead: Ahead, threads: int, ends_only: bool = False) -> list[Array]:
    """The three quantiles in shares of the level, float64 [m, steps] each; with `ends_only` the first and the last."""
    numbers = features(past, steps, calendar, ahead, total=len(past.level_wh) - 1)
    flat = numbers.reshape(-1, numbers.shape[-1])
    wanted = (0, 2) if ends_only else (0, 1, 2)
    return [(np.asarray(model.boosters[q].predict(flat, num_threads=threads)) + habits(flat, q)).reshape(numbers.shape[:2]) for q in wanted]


def _calibrated(model: Model, grid: WallGrid, calendar: Calendar, ahead: Ahead, recipe: Recipe) -> tuple[Margins, float]:
    """Margins, and how much the model counts beside a nowcast, from the newest days, which the ends of the band have not seen."""
    per_day = grid.slots_per_day
    newest = grid.width // per_day
    steps = np.arange(per_day)
    actual, low, high, recent = [], [], [], []
    for day in range(newest - recipe.calibration_days, newest):
        past = past_before(grid, day * per_day)
        ends = _shares(model, past, steps, calendar, ahead, recipe.threads, ends_only=True)
        level = np.where(past.level_wh > 0, past.level_wh, np.nan)[:, None]
        values = slice(day * per_day, (day + 1) * per_day)
        actual.append(np.where(grid.measured[:, values], grid.values_wh[:, values], np.nan) / level)
        low.append(ends[0])
        high.append(ends[1])
        recent.append(_nowcast_of_day(grid, day, calendar) / level[-1])
    came, below, above = np.hstack(actual), np.hstack(low), np.hstack(high)
    share = share_beside(came[-1], (below[-1] + above[-1]) / 2, np.hstack(recent))
    return margins(came, below, above), share


def _nowcast_of_day(grid: WallGrid, day: int, calendar: Calendar) -> Array:
    """What the nowcast said at midnight of a day of the grid, whose last row is the sum; NaN where it said nothing."""
    per_day = grid.slots_per_day
    first = max(day - NOWCAST_DAYS, 0)
    known = slice(first * per_day, day * per_day)
    meters = WallGrid(grid.first_day + first, per_day, grid.values_wh[:-1, known], grid.measured[:-1, known])
    found = nowcast(SumPast.of(meters), per_day, calendar)
    return np.full(per_day, np.nan) if found is None else found.middle_wh


def share_beside(came: Array, foreseen: Array, other: Array) -> float:
    """How much of a forecast, 0 to 1, makes it least wrong when mixed with another, lasting offsets apart (Bates, Granger 1969)."""
    known = np.isfinite(came) & np.isfinite(foreseen) & np.isfinite(other)
    if not known.any():
        return USUAL_SUM_SHARE
    apart, missed = ((v - v.mean()) for v in ((foreseen - other)[known], (came - other)[known]))
    square = float(apart @ apart)
    return float(np.clip(missed @ apart / square, 0.0, 1.0)) if square > 0 else USUAL_SUM_SHARE

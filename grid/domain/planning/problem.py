"""What a plan is asked: prices, load, production, limits, storages and flexible loads over T intervals, as checked arrays.

Powers [W], energies [Wh], prices per kWh. What belongs to a storage's physics (its power and state of charge limits) always holds. What is
a preference (a wanted state of charge, a reserve, the energy of a flexible load, a limit of the connection or of a line) is met as
nearly as possible where it cannot be met in full. Nothing here solves anything: see `solution` for what comes back.
"""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from grid.domain.planning.parts import (
    UNLIMITED,
    Array,
    CannotPlan,
    FlexibleLoads,
    SharedLimits,
    Storages,
    check_flexible,
    check_shared,
    check_storages,
    require,
    spread,
)


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """A horizon of T equal intervals behind one point of common coupling.

    In each: `import + production - curtailed + discharge = export + load + charge + flexible`, and either import or export is zero.
    Cost = import x price - export x price + wear + peak - end values.

    Attributes:
        interval_minutes: length of an interval.
        import_price_per_kwh, export_price_per_kwh: [T]; may be negative, and either may be above the other.
        load_w, production_w: [T].
        curtailable: whether production may be given up.
        import_limit_w, export_limit_w: [T], infinite where there is none.
        peak_price_per_kw: on what the highest import of the horizon exceeds `peak_so_far_w`.
        peak_so_far_w: the highest import of the billing period until now; it is paid already.
        storages, flexible, shared: see there.
        reserve_wh: [T], wanted: what all storages together could deliver at the end of each interval.
    """

    interval_minutes: float
    import_price_per_kwh: Array
    export_price_per_kwh: Array
    load_w: Array
    production_w: Array
    curtailable: bool
    import_limit_w: Array
    export_limit_w: Array
    storages: Storages
    flexible: FlexibleLoads
    shared: SharedLimits
    peak_price_per_kw: float = 0.0
    peak_so_far_w: float = 0.0
    reserve_wh: Array = field(default_factory=lambda: np.zeros(1))

    @classmethod
    def of(
        cls,
        *,
        interval_minutes: float,
        import_price_per_kwh: ArrayLike,
        export_price_per_kwh: ArrayLike,
        load_w: ArrayLike,
        production_w: ArrayLike,
        storages: Storages,
        flexible: FlexibleLoads | None = None,
        shared: SharedLimits | None = None,
        curtailable: bool = False,
        import_limit_w: ArrayLike = UNLIMITED,
        export_limit_w: ArrayLike = UNLIMITED,
        peak_price_per_kw: float = 0.0,
        peak_so_far_w: float = 0.0,
        reserve_wh: ArrayLike = 0.0,
    ) -> Self:
        """A checked problem; `load_w` says how many intervals there are, numbers are spread over them.

        Raises:
            CannotPlan: a quantity has not one value per interval, is not a number, or contradicts another.
        """
        load = np.atleast_1d(np.asarray(load_w, dtype=np.float64))
        every = load.shape
        loads = flexible if flexible is not None else FlexibleLoads.none()
        return cls(
            float(interval_minutes),
            spread("import_price_per_kwh", import_price_per_kwh, every),
            spread("export_price_per_kwh", export_price_per_kwh, every),
            load,
            spread("production_w", production_w, every),
            bool(curtailable),
            spread("import_limit_w", import_limit_w, every),
            spread("export_limit_w", export_limit_w, every),
            storages,
            loads,
            shared if shared is not None else SharedLimits.none(len(storages), len(loads), len(load)),
            float(peak_price_per_kw),
            float(peak_so_far_w),
            spread("reserve_wh", reserve_wh, every),
        )

    def __post_init__(self) -> None:
        _check(self)

    @property
    def intervals(self) -> int:
        return len(self.load_w)

    @property
    def hours(self) -> float:
        """Length of an interval [h]."""
        return self.interval_minutes / 60.0


def _check(problem: PlanProblem) -> None:
    if not problem.interval_minutes > 0 or not np.isfinite(problem.interval_minutes):
        raise CannotPlan("interval_minutes: must be above 0")
    if problem.load_w.ndim != 1 or not len(problem.load_w):
        raise CannotPlan("load_w: needs one value per interval, and at least one")
    every = problem.load_w.shape
    for name in ("import_price_per_kwh", "export_price_per_kwh"):
        require(problem, name, every, least=-UNLIMITED)
    for name in ("load_w", "production_w", "reserve_wh"):
        require(problem, name, every)
    for name in ("import_limit_w", "export_limit_w"):
        require(problem, name, every, finite=False)
    for name in ("peak_price_per_kw", "peak_so_far_w"):
        value = getattr(problem, name)
        if not np.isfinite(value) or value < 0:
            raise CannotPlan(f"{name}: is {value}; must be a number that is not negative")
    check_storages(problem.storages, problem.intervals)
    check_flexible(problem.flexible, problem.intervals)
    check_shared(problem.shared, len(problem.storages), len(problem.flexible), problem.intervals)

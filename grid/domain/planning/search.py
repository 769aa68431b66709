"""The plan of a problem: the best where every wish can be kept, else as near as possible, in order: limits, wishes, cost.

Physics is never for sale: where a storage cannot keep its own state of charge limits, there is no plan, and the reasons name it.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from grid.domain.planning.course import HEAVIER, applies, applies_to_each, best_course
from grid.domain.planning.interior_point_plan import find_proven_plan, suits
from grid.domain.planning.model import Aim, Model, Slack
from grid.domain.planning.parts import Array
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.program import Answer, CannotFindPlan, Course, Effort, LinesOutOfTime, OutOfTime
from grid.domain.planning.reading import nothing, read
from grid.domain.planning.shortfalls import figure
from grid.domain.planning.solution import PlanSolution
from grid.domain.planning.solving import Better, solve, with_decisions_of
from grid.domain.planning.storage_by_storage import better_by_storages
from grid.domain.planning.warm_start import KnownPlan, start_values
from grid.domain.planning.writing import write

EXACT = 2e-7  # of the cost, absolute and relative: a fifth of what is promised
EXACT_ENERGY_WH, EXACT_ENERGY = 1e-3, 1e-7  # of what is above limits or missing
EXACT_EFFORT = 1e-5  # of a best effort's cost: a tenth of what is promised there
PINS = (0.0, 1e-10, 1e-9, 1e-8, 1e-7)
NOTHING = 1e-8
REACH_WH = 1e-9
SHARE = 0.5  # of the time that is left, for the plan that keeps everything, then for each aim but the last
LEAST_S = 2.0


NOT_EVEN_LINES = "time ran out: {:g} s were not enough for the linear programme; give it more time, or fewer storages or longer intervals"


def find_plan(
    problem: PlanProblem, *, seconds: float = 150.0, known: KnownPlan | None = None, clock: Callable[[], float] = time.monotonic
) -> PlanSolution:
    """The best plan: of many storages by the interior-point method where that proves it, else by the general search.

    Args:
        problem: what is asked.
        seconds: how long it may take in all; each linear programme has what is left when its phase begins, a search with yes-or-no decisions
            a share of it. Writing down and reading back are not counted.
        clock: tells [s] how much of that is gone.
        known: a plan for the same storages, loads and intervals to begin from; the answer is the same without, and takes longer.

    Raises:
        CannotFindPlan: none was found in that time, or the solver gave up for numerical reasons.
    """
    lost = stranded(problem)
    if lost:
        return nothing(problem, lost)
    ends = clock() + seconds
    if suits(problem):
        given = find_proven_plan(problem, late=lambda: clock() >= ends)
        if given is not None:
            return given
    model = write(problem)
    try:
        left = max(ends - clock(), 0.0)
        # What cannot be kept costs no more than a first look: the aims below find whether nothing need be missing by beginning from what is near.
        effort = replace(_effort(model, Aim.COST, left * SHARE, line_seconds=left), patient=False)
        begin = start_values(problem, model, known) if known is not None else None
        answer = solve(
            model.program, effort, courses=_courses(problem, model, None), near=begin, better=_better(problem, model, None, clock)
        )
    except LinesOutOfTime:
        raise CannotFindPlan(NOT_EVEN_LINES.format(seconds)) from None  # what follows asks for more than that
    except OutOfTime:
        answer = None  # whether everything can be kept is not known; something can always be done
    if answer is not None:
        return read(problem, model, answer, doubts(Aim.COST, model, answer))
    near = _as_near_as_possible(_within_reach(problem), lambda: max(ends - clock(), LEAST_S), clock)
    return _read_last(problem, near)


def _within_reach(problem: PlanProblem) -> PlanProblem:
    """Wishes no larger than what could be had by itself: the rest is missing whatever is done, and would cost digits."""
    storages, loads = problem.storages, problem.flexible
    most_wh = (loads.latest - loads.earliest) * loads.power_max_w * problem.hours
    never = ~loads.interruptible & (loads.energy_wh > most_wh * (1.0 + 1e-9))
    return replace(
        problem,
        storages=replace(storages, soc_end_min_wh=np.minimum(storages.soc_end_min_wh, storages.soc_max_wh)),
        flexible=replace(loads, energy_wh=np.where(never, 0.0, np.minimum(loads.energy_wh, most_wh))),
    )


def _read_last(problem: PlanProblem, found: list[tuple[Model, Answer]]) -> PlanSolution:
    """The plan of the last aim, with what is not proven of any."""
    said = tuple(word for aim, phase in zip(Aim, found, strict=False) for word in doubts(aim, *phase))
    if len(found) < len(Aim) and not said:
        said = ("Time ran out before the least costly of these plans was looked for.",)
    model, answer = found[-1]
    return read(problem, model, replace(answer, proven=not said, row_prices=_prices(found)), said)


def doubts(aim: Aim, model: Model, answer: Answer) -> tuple[str, ...]:
    """What is not proven of an answer, in a sentence that says how far off it can be; nothing where it is proven."""
    if answer.proven:
        return ()
    off = max(answer.objective - answer.bound, 0.0) * model.unit_w
    said = "Time ran out before this was proven to be the best plan:"
    if aim == Aim.COST:
        return (f"{said} it may cost up to {off / 1000:.4f} more than the least possible.",)
    what = "above the limits" if aim == Aim.ABOVE_LIMITS else "missing"
    return (f"{said} up to {figure(off)} Wh less may be {what}.",)


def _as_near_as_possible(problem: PlanProblem, left: Callable[[], float], clock: Callable[[], float]) -> list[tuple[Model, Answer]]:
    """Least energy above limits, then least energy missing, then least cost: what each aim found, fewer where time ran out.

    Each aim has its share of the time that is `left` [s], the last one all of it: what the ones before did not need is not lost.
    """
    slack = Slack(Aim.ABOVE_LIMITS)
    found: list[tuple[Model, Answer]] = []
    for aim in Aim:
        try:
            solved = _phase(problem, slack, left(), found[-1][1].values if found else None, clock)
        except OutOfTime:
            solved = None
        if solved is None:
            break
        found.append(solved)
        least = 0.0 if solved[1].objective < NOTHING else solved[1].objective
        if aim == Aim.ABOVE_LIMITS:
            slack = Slack(Aim.MISSING, above=least)
        elif aim == Aim.MISSING:
            slack = Slack(Aim.COST, above=slack.above, missing=least)
    if not found:
        raise CannotFindPlan(
            "no plan was found in the time, whatever is allowed; lengthen the intervals, or check the sizes of the figures"
        )
    return found


def _prices(found: list[tuple[Model, Answer]]) -> Array:
    """The last phase's prices, as if what the phases before it hold moved along: one more kWh of load may be missing or above a limit.

    A phase holds what those before it found, at a price of its own that has no meaning in money. With a change of load, the least value of a
    phase changes by its own price, and by that of each row it holds times what the least value of the held phase changes. All with the
    decisions of the last phase: between different ones the prices would not fit together.
    """
    last, answer = found[-1]
    if last.above < 0 and last.missing < 0:
        return answer.row_prices
    by_phase: list[tuple[Array, Array]] = []
    for model, _ in found:
        settled = with_decisions_of(model.program, answer.values)
        if settled is None:
            return answer.row_prices
        prices = settled.row_prices
        balance, stored = prices[model.balance], prices[model.stored]
        for before, row in enumerate((model.above, model.missing)):
            if row >= 0:
                balance = balance + prices[row] * by_phase[before][0]
                stored = stored + prices[row] * by_phase[before][1]
        by_phase.append((balance, stored))
    mended = answer.row_prices.copy()
    mended[last.balance], mended[last.stored] = by_phase[-1]
    return mended


def _phase(
    problem: PlanProblem, slack: Slack, left_s: float, begin: Array | None, clock: Callable[[], float]
) -> tuple[Model, Answer] | None:
    """One aim, with its share of the time that is left; what the phases before found is held, with a hair's breadth of room only where the solver needs it."""
    seconds = left_s * (SHARE if slack.aim != Aim.COST else 1.0)
    nothing_lacks = slack.above == 0.0 and slack.missing == 0.0
    for room in PINS:
        roomy = replace(slack, above=_roomy(slack.above, room), missing=_roomy(slack.missing, room))
        model = write(problem, roomy)
        answer = solve(
            model.program,
            _effort(model, slack.aim, seconds, line_seconds=left_s, strict=nothing_lacks),
            begin,
            _courses(problem, model, roomy),
            better=_better(problem, model, roomy, clock),
        )
        if answer is not None:
            return model, answer
    return None


def _courses(problem: PlanProblem, model: Model, slack: Slack | None) -> list[Callable[[], Course | None]]:
    """Dynamic programming, where it applies; with weights as light as will do, for they cost digits."""
    if not applies(problem):
        return []
    weights = HEAVIER if slack is not None and slack.aim != Aim.ABOVE_LIMITS else HEAVIER[:1]
    return [partial(best_course, problem, model, slack, heavy) for heavy in weights]


def _better(problem: PlanProblem, model: Model, slack: Slack | None, clock: Callable[[], float]) -> Better | None:
    """Each storage followed while the others stay, where that can be said of them."""
    if not applies_to_each(problem, slack.aim if slack is not None else Aim.COST):
        return None

    def better(values: Array, seconds: float) -> tuple[Array, float]:
        return better_by_storages(problem, model, slack, values, seconds=seconds, clock=clock)

    return better


def _roomy(found: float | None, room: float) -> float | None:
    return found * (1.0 + room) + room if found else found


def _effort(model: Model, aim: Aim, seconds: float, *, line_seconds: float, strict: bool = True) -> Effort:
    if aim == Aim.COST and strict:
        return Effort(EXACT / (model.unit_w / 1000.0), EXACT, seconds, line_seconds)
    if aim == Aim.COST:
        return Effort(EXACT_EFFORT / (model.unit_w / 1000.0), EXACT, seconds, line_seconds)
    return Effort(EXACT_ENERGY_WH / model.unit_w, EXACT_ENERGY, seconds, line_seconds)


def stranded(problem: PlanProblem) -> tuple[str, ...]:
    """A sentence for each storage that cannot keep its own limits of state of charge, whatever it does."""
    return tuple(f"storage {name}: {why}" for i, name in enumerate(problem.storages.ids) if (why := _stranded(problem, i)))


def _stranded(problem: PlanProblem, place: int) -> str:
    """Follow what can be reached: it is an interval, and it must meet the limits after each step."""
    storages, hours = problem.storages, problem.hours
    least, most = float(storages.soc_min_wh[place]), float(storages.soc_max_wh[place])
    kept = float(storages.kept(hours)[place])
    up = storages.charge_max_w[place] * storages.eta_charge[place] * hours
    down = storages.discharge_max_w[place] / storages.eta_discharge[place] * hours
    start = float(storages.soc_start_wh[place])
    if least <= start <= most and np.all(kept * least + up >= least):
        return ""  # resting loses no more than charging brings, and less is always possible
    low = high = start
    for t, (gain, loss) in enumerate(zip(up.tolist(), down.tolist(), strict=True)):
        low, high = max(kept * low - loss, least), min(kept * high + gain, most)
        if low > high + REACH_WH:
            if high < least:
                return (
                    f"falls to {high:.9g} Wh in interval {t}, below soc_min_wh {least:.9g}, even when charging at charge_max_w; raise "
                    f"soc_start_wh or charge_max_w, or lower soc_min_wh or self_discharge_per_h."
                )
            return (
                f"is still at {low:.9g} Wh in interval {t}, above soc_max_wh {most:.9g}, even when discharging at "
                f"discharge_max_w; lower soc_start_wh, or raise discharge_max_w or soc_max_wh."
            )
        high = max(high, low)
    return ""

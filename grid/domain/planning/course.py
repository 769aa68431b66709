"""The best course of a storage by dynamic programming, exact also where doing both at once would pay.

What the rest of the horizon costs is a piecewise linear function of the state of charge, not convex. Going backwards, one interval
adds the cost of each power; the least over all powers is a sliding minimum for each straight piece of that cost. No yes-or-no decision
is searched for: with negative prices all day this takes a fraction of a second where branching takes minutes.

It proves a plan where nothing but one storage ties intervals together: no flexible loads, no peak price, no shared limits. Of several storages it
finds what each does best while all others stay as they are.
"""

from dataclasses import dataclass

import numpy as np

from grid.domain.planning.model import Aim, Model, Slack
from grid.domain.planning.parts import Array
from grid.domain.planning.piecewise import Piecewise, least_within, lowest, simple, thinned
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.program import CannotFollow, Course

MOST_CORNERS = 6000
FEW_CORNERS = 600  # where nothing is to be proven
ROUNDING = 1e-14  # of sums as large as the least one
HEAVIER = (10.0, 100.0, 1e3, 1e4)  # by how much a Wh above a limit outweighs one missing, and that the cost of one


@dataclass(frozen=True, slots=True)
class Weights:
    """What a unit x h above a limit, one that is missing, and a unit of cost count in the sum that is made least."""

    above: float
    missing: float
    cost: float


def applies(problem: PlanProblem) -> bool:
    """Whether only one storage ties the intervals together."""
    storages = problem.storages
    return (
        len(storages) == 1
        and not problem.flexible.energy_wh.any()
        and problem.peak_price_per_kw == 0
        and not len(problem.shared)
        and not np.isfinite(storages.discharge_most_wh).any()
        and bool(storages.self_discharge_per_h[0] < 1)
    )


def applies_to_each(problem: PlanProblem, aim: Aim) -> bool:
    """Whether each storage can be followed by itself while all others, and flexible loads, stay as they are."""
    storages = problem.storages
    return (
        len(storages) > 1
        and (problem.peak_price_per_kw == 0 or aim != Aim.COST)
        and not len(problem.shared)
        and not problem.reserve_wh.any()
        and not np.isfinite(storages.discharge_most_wh).any()
        and bool((storages.self_discharge_per_h < 1).all())
    )


def weights_for(problem: PlanProblem, aim: Aim, heavy: float) -> Weights:
    """The sum whose least value has the aims before this one least first."""
    if aim == Aim.ABOVE_LIMITS:
        return Weights(1.0, 0.0, 0.0)
    if aim == Aim.MISSING:
        return Weights(heavy, 1.0, 0.0)
    storages = problem.storages
    prices = (problem.import_price_per_kwh, problem.export_price_per_kwh, storages.wear_per_kwh, storages.end_value_per_kwh)
    dearest = max(max(float(np.abs(p).max()) for p in prices), 1e-3)
    return Weights(heavy**2 * dearest, heavy * dearest, 1.0)


def best_course(problem: PlanProblem, model: Model, slack: Slack | None, heavy: float) -> Course | None:
    """The course with the least cost, or with `slack` what its aim seeks; None where there is none.

    The aims before are weighed in, each `heavy` times the next: light weights may not suffice (then the result proves nothing), heavy
    ones cost digits.

    Raises:
        CannotFollow: the function grew too many corners.
    """
    weights = weights_for(problem, slack.aim, heavy) if slack is not None else None
    backwards = _Backwards(problem, model.unit_w, weights)
    if not backwards.go():
        return None
    course = backwards.forwards(model)
    if course is None or slack is None or weights is None:
        return course
    # What the aims before have fixed is part of the sum; what is left is this aim's own.
    fixed = weights.above * (slack.above or 0.0) * (slack.aim != Aim.ABOVE_LIMITS)
    fixed += weights.missing * (slack.missing or 0.0) * (slack.aim == Aim.COST)
    return Course(course.least - fixed, course.values, ROUNDING * abs(course.least))


def course_beside(problem: PlanProblem, model: Model, weights: Weights | None, place: int, taken_w: Array) -> tuple[Array, Array] | None:
    """What one storage best charges and discharges [T, in the programme's unit] beside what all else takes; None where it cannot.

    Args:
        weights: as `weights_for` gives them; None where every limit and wish is kept strictly.
        place: which storage.
        taken_w: [T], what other storages and flexible loads take, less what these give.
    """
    backwards = _Backwards(problem, model.unit_w, weights, place, taken_w)
    course = backwards.forwards(model) if backwards.go() else None
    return None if course is None else (course.values[model.charge[place]], course.values[model.discharge[place]])


class _Backwards:
    """In the programme's unit: powers, energies in unit x h, costs in prices x that.

    Beside what others take (`taken_w`, [T]) functions are thinned out instead of given up: then nothing is proven.
    """

    def __init__(self, problem: PlanProblem, unit: float, weights: Weights | None, place: int = 0, taken_w: Array | None = None) -> None:
        self.problem, self.unit, self.weights, self.place = problem, unit, weights, place
        self.proves = taken_w is None
        self.taken_w = np.zeros(problem.intervals) if taken_w is None else taken_w
        self.hours = problem.hours
        storages = problem.storages
        self.up, self.down = (float(storages.eta_charge[place]) * self.hours, self.hours / float(storages.eta_discharge[place]))
        self.kept = float(storages.kept(self.hours)[place])
        self.rest: list[Piecewise] = []
        self.steps: list[Piecewise] = []
        self.prices: list[Piecewise] = []

    def go(self) -> bool:
        """From the last interval to the first; whether every state that must be left can be left."""
        problem, storages = self.problem, self.problem.storages
        rest: Piecewise | None = self._end()
        for t in range(problem.intervals - 1, -1, -1):
            if rest is not None:
                rest = self._wished(rest, t)
            if rest is None:
                return False
            if not self.proves:
                rest = thinned(rest, FEW_CORNERS)
            if len(rest.x) > MOST_CORNERS:
                raise CannotFollow(f"{len(rest.x)} corners at interval {t}")
            price = self._exchange(t)
            step = self._step(price, t)
            if step is None:
                return False
            self.rest.append(rest)
            self.steps.append(step)
            self.prices.append(price)
            before = _leave(step, rest)
            if t:
                before = Piecewise(before.x / self.kept, before.y)
                low, high = (float(storages.soc_min_wh[self.place]) / self.unit, float(storages.soc_max_wh[self.place]) / self.unit)
                rest = before.cut(low, high)
            else:
                self.first = before
        self.rest.reverse()
        self.steps.reverse()
        self.prices.reverse()
        return True

    def _end(self) -> Piecewise:
        """What the last state of charge is worth."""
        storages, unit = self.problem.storages, self.unit
        low, high, wanted = (float(a[self.place]) / unit for a in (storages.soc_min_wh, storages.soc_max_wh, storages.soc_end_min_wh))
        cost = self.weights.cost if self.weights is not None else 1.0
        x = np.unique(np.clip([low, wanted, high], low, high))
        return Piecewise(x, -cost * float(storages.end_value_per_kwh[self.place]) * np.maximum(x - wanted, 0.0))

    def _wished(self, rest: Piecewise, t: int) -> Piecewise | None:
        """With what is missing at the end of the interval, or cut to where nothing is."""
        storages, unit = self.problem.storages, self.unit
        reserve = self.problem.reserve_wh[t]
        least = [float(storages.soc_wanted_wh[self.place, t])]
        if reserve > 0:
            least.append(float(storages.soc_min_wh[self.place] + reserve / storages.eta_discharge[self.place]))
        if t == self.problem.intervals - 1:
            least.append(float(storages.soc_end_min_wh[self.place]))
        if self.weights is None:
            return rest.cut(max(least) / unit, np.inf)
        for i, wanted in enumerate(least):
            factor = float(storages.eta_discharge[self.place]) if reserve > 0 and i == 1 else 1.0
            if wanted > storages.soc_min_wh[self.place] and self.weights.missing:
                x = np.unique(np.clip([rest.x[0], wanted / unit, rest.x[-1]], rest.x[0], rest.x[-1]))
                rest = rest.plus(Piecewise(x, self.weights.missing * factor * np.maximum(wanted / unit - x, 0.0)))
        return rest

    def _exchange(self, t: int) -> Piecewise:
        """The cost of what is drawn from the public grid (negative: given to it)."""
        problem, unit, hours = self.problem, self.unit, self.hours
        storages = problem.storages
        taken, given = max(self.taken_w[t], 0.0), max(-self.taken_w[t], 0.0)
        most = (problem.load_w[t] + taken + storages.charge_max_w[self.place, t]) / unit + 1.0
        least = -(problem.production_w[t] + given + storages.discharge_max_w[self.place, t]) / unit - 1.0
        import_most, export_most = (float(problem.import_limit_w[t]) / unit, float(problem.export_limit_w[t]) / unit)
        if self.weights is None:
            x = np.unique([max(least, -export_most), 0.0, min(most, import_most)])
            cost, above = 1.0, 0.0
        else:
            x = np.unique([least, max(least, -export_most), 0.0, min(most, import_most), most])
            cost, above = self.weights.cost, self.weights.above
        y = cost * np.where(x > 0, x * problem.import_price_per_kwh[t], x * problem.export_price_per_kwh[t])
        over = np.maximum(x - import_most, 0.0) + np.maximum(-x - export_most, 0.0)
        return Piecewise(x, (y + above * over) * hours)

    def _net(self, t: int) -> float:
        """What all but this storage draws, less what is produced."""
        problem = self.problem
        return float(problem.load_w[t] + self.taken_w[t] - problem.production_w[t]) / self.unit

    def _step(self, price: Piecewise, t: int) -> Piecewise | None:
        """The cost of each change of what is stored."""
        problem, unit, storages = self.problem, self.unit, self.problem.storages
        net = self._net(t)
        drawn = price
        if problem.curtailable and problem.production_w[t] > 0:
            drawn = least_within(price, 0.0, float(problem.production_w[t]) / unit)
        power = Piecewise(drawn.x - net, drawn.y).cut(
            -float(storages.discharge_max_w[self.place, t]) / unit, float(storages.charge_max_w[self.place, t]) / unit
        )
        if power is None:
            return None
        if power.x[0] < 0 < power.x[-1]:
            power = power.plus(Piecewise.through([power.x[0], 0.0, power.x[-1]], [0.0, 0.0, 0.0]))
        cost = self.weights.cost if self.weights is not None else 1.0
        wear = cost * float(storages.wear_per_kwh[self.place]) * self.hours * np.maximum(-power.x, 0.0)
        stored = np.where(power.x > 0, power.x * self.up, power.x * self.down)
        return simple(stored, power.y + wear)

    def forwards(self, model: Model) -> Course | None:
        """Follow the best decisions from the start."""
        problem, unit = self.problem, self.unit
        soc = float(problem.storages.soc_start_wh[self.place]) / unit
        value = float(self.first.at(np.array([self.kept * soc]))[0])
        if not np.isfinite(value):
            return None
        values = np.zeros(len(model.program.cost))
        for t, (step, rest) in enumerate(zip(self.steps, self.rest, strict=True)):
            change = _best_change(step, rest, self.kept * soc)
            soc = self.kept * soc + change
            power = change / self.up if change > 0 else change / self.down
            values[model.charge[self.place, t]], values[model.discharge[self.place, t]] = (max(power, 0.0), max(-power, 0.0))
            net = self._net(t) + power
            drawn = _best_draw(self.prices[t], net, float(problem.production_w[t]) / unit * problem.curtailable)
            values[model.imported[t]], values[model.exported[t]] = max(drawn, 0.0), max(-drawn, 0.0)
        return Course(value, values, ROUNDING * abs(value))


def _leave(step: Piecewise, rest: Piecewise) -> Piecewise:
    """`w(q) = min step(y) + rest(q + y)` over y, piece by straight piece of the step."""
    if len(step.x) == 1:
        return Piecewise(rest.x - step.x[0], rest.y + step.y[0])
    found = []
    for i in range(len(step.x) - 1):
        low, high = float(step.x[i]), float(step.x[i + 1])
        slope = float((step.y[i + 1] - step.y[i]) / (high - low))
        tilted = least_within(Piecewise(rest.x, rest.y + slope * rest.x), low, high)
        found.append(Piecewise(tilted.x, tilted.y - slope * tilted.x + float(step.y[i]) - slope * low))
    return lowest(found)


def _best_change(step: Piecewise, rest: Piecewise, soc: float) -> float:
    """The least costly change: it ends at a corner of the step or of the rest. Resting is preferred where it is as good."""
    low, high = max(float(step.x[0]), float(rest.x[0]) - soc), min(float(step.x[-1]), float(rest.x[-1]) - soc)
    places = np.concatenate([[0.0], step.x, rest.x - soc, [low, high]])
    places = np.clip(places, min(low, high), max(low, high))
    costs = np.interp(places, step.x, step.y) + np.interp(soc + places, rest.x, rest.y)
    return float(places[int(costs.argmin())])


def _best_draw(price: Piecewise, net: float, given_up: float) -> float:
    """The least costly exchange that curtailment allows."""
    places = np.clip(np.concatenate([[net, net + given_up], price.x]), net, net + given_up)
    return float(places[int(price.at(places).argmin())])

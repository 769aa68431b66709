"""The softer half of a plan's programme: wishes that may be missed, limits that may be exceeded, where `slack` allows either.

What is missing and what is above limits are columns of their own: they cost nothing but in the phase that makes them least, and are held in
those after it.
"""

import numpy as np

from grid.domain.planning.model import Aim, Run, Slack
from grid.domain.planning.parts import Array, Places
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.sheet import Entry, Sheet

INFINITE = float("inf")


class Wishes:
    """Writes them on a sheet block by block, and remembers what may be missed and exceeded."""

    def __init__(self, problem: PlanProblem, sheet: Sheet, slack: Slack | None, unit: float) -> None:
        self.problem, self.sheet, self.slack, self.unit = problem, sheet, slack, unit
        self.t = np.arange(problem.intervals)
        self.priced = slack is None or slack.aim == Aim.COST
        self.above: list[tuple[Places, float]] = []
        self.missing: list[tuple[Places, float]] = []

    def stored(self, soc: Places, discharge: Places) -> None:
        """What should be stored when, and what is worth having at the end."""
        problem, storages, sheet, unit = self.problem, self.problem.storages, self.sheet, self.unit
        n = len(soc)
        self._cycling(discharge)
        if problem.reserve_wh.any():
            self._reserve(soc)
        if self.slack is None or not n:
            return
        last = np.arange(n)
        above = sheet.columns(n, INFINITE, cost=-storages.end_value_per_kwh * self.priced)
        short = self._may_miss(n)
        sheet.rows(
            n,
            storages.soc_end_min_wh / unit,
            storages.soc_end_min_wh / unit,
            [(last, soc[:, -1], 1.0), (last, above, -1.0), (last, short, 1.0)],
        )
        asked = np.flatnonzero((storages.soc_wanted_wh > storages.soc_min_wh[:, np.newaxis]).ravel())
        rows = np.arange(len(asked))
        short = self._may_miss(len(asked))
        sheet.rows(
            len(asked), storages.soc_wanted_wh.ravel()[asked] / unit, INFINITE, [(rows, soc.ravel()[asked], 1.0), (rows, short, 1.0)]
        )

    def _may_miss(self, count: int, worth: float = 1.0) -> Places:
        """Columns of what is missing, or columns that must be zero."""
        columns = self.sheet.columns(
            count,
            0.0 if self.slack is None or self.slack.missing == 0.0 else INFINITE,
            cost=worth * (self.slack is not None and self.slack.aim == Aim.MISSING),
        )
        if len(columns):
            self.missing.append((columns, worth))
        return columns

    def _may_exceed(self, count: int) -> Places:
        """Columns of power above a limit, or columns that must be zero."""
        strict = self.slack is None or self.slack.above == 0.0
        hours = self.problem.hours
        columns = self.sheet.columns(
            count, 0.0 if strict else INFINITE, cost=hours * (self.slack is not None and self.slack.aim == Aim.ABOVE_LIMITS)
        )
        if len(columns):
            self.above.append((columns, hours))
        return columns

    def _cycling(self, discharge: Places) -> None:
        storages = self.problem.storages
        capped = np.flatnonzero(np.isfinite(storages.discharge_most_wh))
        if not len(capped):
            return
        count, rows = discharge.shape[1], np.arange(len(capped))
        above = self._may_miss(len(capped))
        entries: list[Entry] = [(np.repeat(rows, count), discharge[capped].ravel(), self.problem.hours), (rows, above, -1.0)]
        self.sheet.rows(len(capped), -INFINITE, storages.discharge_most_wh[capped] / self.unit, entries)

    def _reserve(self, soc: Places) -> None:
        problem, storages = self.problem, self.problem.storages
        n, count = soc.shape
        needed = problem.reserve_wh + storages.eta_discharge @ storages.soc_min_wh
        short = self._may_miss(count)
        entries: list[Entry] = [(np.tile(self.t, n), soc.ravel(), np.repeat(storages.eta_discharge, count)), (self.t, short, 1.0)]
        self.sheet.rows(count, np.where(problem.reserve_wh > 0, needed / self.unit, -INFINITE), INFINITE, entries)

    def energies(self, flexible: Places, runs: tuple[Run, ...]) -> None:
        """Each flexible load gets its energy, or what is missing is counted."""
        loads, unit, hours = self.problem.flexible, self.unit, self.problem.hours
        for i in np.flatnonzero(loads.interruptible):
            columns = flexible[i][flexible[i] >= 0]
            short, energy = self._may_miss(1), loads.energy_wh[i] / unit
            zeros = np.zeros(len(columns), dtype=np.int64)
            self.sheet.rows(1, energy, energy, [(zeros, columns, hours), (zeros[:1] if len(zeros) else np.zeros(1, np.int64), short, 1.0)])
        for run in runs:
            energy = float(loads.energy_wh[run.load]) / unit
            if energy <= 0:
                continue
            short = self._may_miss(1)
            zeros = np.zeros(len(run.columns), dtype=np.int64)
            self.sheet.rows(1, energy, energy, [(zeros, run.columns, energy), (np.zeros(1, np.int64), short, 1.0)])

    def connection(self, imported: Places, exported: Places) -> None:
        """Rows for the connection's limits, where they may be exceeded (else they are bounds of the columns)."""
        if self.slack is None:
            return
        for columns, limit in ((imported, self.problem.import_limit_w), (exported, self.problem.export_limit_w)):
            bounded = np.flatnonzero(np.isfinite(limit))
            rows = np.arange(len(bounded))
            above = self._may_exceed(len(bounded))
            self.sheet.rows(len(bounded), -INFINITE, limit[bounded] / self.unit, [(rows, columns[bounded], 1.0), (rows, above, -1.0)])

    def shared(self, charge: Places, discharge: Places, curtailed: Places, flexible: Places, runs: tuple[Run, ...]) -> None:
        """Rows for limits on sums, in the intervals for which they are finite."""
        shared, count = self.problem.shared, self.problem.intervals
        asked = np.isfinite(shared.most_w)
        if not asked.any():
            return
        row = np.full((len(shared), count), -1, dtype=np.int64)
        row[asked] = np.arange(int(asked.sum()))
        entries: list[Entry] = []
        for weights, columns in ((shared.charge_per_w, charge), (shared.discharge_per_w, discharge)):
            r, n = np.nonzero(weights)
            entries.append((row[r].ravel(), columns[n].ravel(), np.repeat(weights[r, n], count)))
        for i, rows, columns, factors in draws_of(flexible, runs, self.unit):
            entries += [(row[r][rows], columns, factors * shared.flexible_per_w[r, i]) for r in np.flatnonzero(shared.flexible_per_w[:, i])]
        r, t = np.nonzero(shared.curtailed_per_w * self.problem.curtailable)
        entries.append((row[r, t], curtailed[t], shared.curtailed_per_w[r, t]))
        height = int(asked.sum())
        entries.append((np.arange(height), self._may_exceed(height), -1.0))
        there = [(rows >= 0, rows, columns, np.broadcast_to(factors, columns.shape)) for rows, columns, factors in entries]
        self.sheet.rows(
            height,
            -INFINITE,
            shared.most_w[asked] / self.unit,
            [(rows[inside], columns[inside], factors[inside]) for inside, rows, columns, factors in there],
        )

    def peak(self, imported: Places) -> None:
        problem, t = self.problem, self.t
        # A price per kW of a power in the programme's unit, against costs in unit x h: the same scale.
        price = problem.peak_price_per_kw * self.priced
        self.sheet.offset -= price * problem.peak_so_far_w / self.unit
        peak = self.sheet.columns(1, INFINITE, lower=problem.peak_so_far_w / self.unit, cost=price)
        self.sheet.rows(len(t), 0.0, INFINITE, [(t, np.repeat(peak, len(t)), 1.0), (t, imported, -1.0)])

    def pins(self) -> tuple[int, int]:
        """Hold what the phases before found; the rows that do, -1 where nothing is held."""
        if self.slack is None:
            return -1, -1
        return self._pin(self.slack.above, self.above), self._pin(self.slack.missing, self.missing)

    def _pin(self, found: float | None, parts: list[tuple[Places, float]]) -> int:
        if not found or not parts:
            return -1
        columns = np.concatenate([c for c, _ in parts])
        factors = np.concatenate([np.full(len(c), f) for c, f in parts])
        return int(self.sheet.rows(1, -INFINITE, found, [(np.zeros_like(columns), columns, factors)])[0])


def draws_of(flexible: Places, runs: tuple[Run, ...], unit: float) -> list[tuple[int, Places, Places, Array]]:
    """For each flexible load: in which intervals which column draws how much power."""
    found = []
    for i in range(len(flexible)):
        inside = np.flatnonzero(flexible[i] >= 0)
        if len(inside):
            found.append((i, inside, flexible[i, inside], np.ones(len(inside))))
    for run in runs:
        length, starts = len(run.power_w), len(run.begins)
        rows = (run.begins[:, np.newaxis] + np.arange(length)).ravel()
        found.append((run.load, rows, np.repeat(run.columns, length), np.tile(run.power_w / unit, starts)))
    return found

"""Writes a plan problem down as a linear programme, strictly or with room above the limits and below the wishes.

Domain rules, section 5. Powers in a unit of the problem's own size, so that a village and a town are equally well solved; energies in that
unit x hours, costs in prices x that. Each column stands for one power or energy of one interval:

`import - export - curtailed + discharge - charge - flexible = load - production`
`soc' - kept soc - eta_charge h charge + h / eta_discharge discharge = 0`
"""

import numpy as np

from grid.domain.planning.model import Aim, Model, Run, Slack, run_shape, unit_of
from grid.domain.planning.parts import Array, Flags, Places
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.sheet import Entry, Sheet

INFINITE = float("inf")
NEVER = np.zeros(0, dtype=np.int64)
# Among plans that cost the same: least through the storages, least given up, least bought, fullest storages, earliest loads.
TIE_THROUGHPUT, TIE_CURTAILED, TIE_IMPORT, TIE_STORED, TIE_LATE = 1.0, 1e-2, 1e-3, 1e-4, 1e-3


def write(problem: PlanProblem, slack: Slack | None = None) -> Model:
    """The programme; without `slack` every limit and wish is kept strictly."""
    return _Writer(problem, slack).model()


class _Writer:
    """Writes the blocks one after the other; the softer ones only where `slack` asks for them."""

    def __init__(self, problem: PlanProblem, slack: Slack | None) -> None:
        self.problem, self.slack = problem, slack
        self.sheet = Sheet()
        self.unit = unit_of(problem)
        self.t = np.arange(problem.intervals)
        self.priced = slack is None or slack.aim == Aim.COST
        self.above: list[tuple[Places, float]] = []
        self.missing: list[tuple[Places, float]] = []

    def model(self) -> Model:
        problem, sheet, hours = self.problem, self.sheet, self.problem.hours
        storages, count = problem.storages, problem.intervals
        n = len(storages)
        shape = (n, count)
        every = n * count
        price = float(self.priced) * hours
        import_most, export_most, never_both = self._exchange_bounds()
        imported = sheet.columns(
            count, import_most, cost=problem.import_price_per_kwh * price, tie=TIE_IMPORT * hours
        )
        exported = sheet.columns(count, export_most, cost=-problem.export_price_per_kwh * price)
        curtailed = sheet.columns(
            count, problem.production_w / self.unit * problem.curtailable, tie=TIE_CURTAILED * hours
        )
        charge_most, discharge_most = storages.charge_max_w / self.unit, storages.discharge_max_w / self.unit
        charge = sheet.columns(every, charge_most.ravel(), tie=TIE_THROUGHPUT * hours).reshape(shape)
        wear = np.repeat(storages.wear_per_kwh * price, count)
        discharge = sheet.columns(
            every, discharge_most.ravel(), cost=wear, tie=TIE_THROUGHPUT * hours
        ).reshape(shape)
        soc = self._soc_columns(shape)
        flexible, runs = self._flexible_columns()
        balance = self._balance(imported, exported, curtailed, charge, discharge, flexible, runs)
        stored = self._stored(charge, discharge, soc)
        self._wishes(soc, discharge)
        self._energies(flexible, runs)
        self._limits(imported, exported)
        self._shared(charge, discharge, curtailed, flexible, runs)
        if problem.peak_price_per_kw > 0:
            self._peak(imported)
        above, missing = self._pins()
        charge_full, discharge_full = self._alone()
        if self.slack is None:  # with limits pinned to what is unavoidable they were seen to slow the search
            self._one_after_the_other(charge, discharge, soc)
        sheet.pairs(
            charge.ravel(), discharge.ravel(), charge_full.ravel(), discharge_full.ravel(), 0.0, np.tile(balance, n)
        )  # fmt: skip
        if self.priced and never_both.any():
            sheet.pairs(
                imported[never_both], exported[never_both], import_most[never_both], export_most[never_both], 1.0,
                balance[never_both],
            )  # fmt: skip
        return Model(
            sheet.program(),
            self.unit,
            imported,
            exported,
            curtailed,
            charge,
            discharge,
            soc,
            flexible,
            runs,
            balance,
            stored,
            above,
            missing,
        )

    def _exchange_bounds(self) -> tuple[Array, Array, Flags]:
        """The most that can be imported and exported, and where doing both at once would pay (then the bounds must be finite)."""
        problem, storages = self.problem, self.problem.storages
        import_most, export_most = problem.import_limit_w / self.unit, problem.export_limit_w / self.unit
        if self.slack is not None:
            import_most, export_most = (
                np.full_like(import_most, INFINITE),
                np.full_like(export_most, INFINITE),
            )
        pays = problem.export_price_per_kwh > problem.import_price_per_kwh
        if not (self.priced and pays.any()):
            return import_most, export_most, pays & False
        net = (problem.load_w - problem.production_w) / self.unit
        given_up = problem.production_w / self.unit * problem.curtailable
        taken = storages.charge_max_w.sum(axis=0) / self.unit + self._flexible_most() / self.unit
        given = storages.discharge_max_w.sum(axis=0) / self.unit
        import_most = np.where(
            pays, np.minimum(import_most, np.maximum(net + given_up + taken, 0.0)), import_most
        )
        export_most = np.where(pays, np.minimum(export_most, np.maximum(given - net, 0.0)), export_most)
        return import_most, export_most, pays & (import_most > 0) & (export_most > 0)

    def _flexible_most(self) -> Array:
        loads = self.problem.flexible
        inside = (self.t >= loads.earliest[:, np.newaxis]) & (self.t < loads.latest[:, np.newaxis])
        most: Array = (inside * loads.power_max_w[:, np.newaxis]).sum(axis=0)
        return most

    def _alone(self) -> tuple[Array, Array]:
        """What a storage can charge while it does not discharge, and the other way round [n, T]."""
        storages, hours = self.problem.storages, self.problem.hours
        room = np.maximum(storages.soc_max_wh - storages.kept(hours) * storages.soc_min_wh, 0.0)[
            :, np.newaxis
        ]
        held = np.maximum(storages.kept(hours) * storages.soc_max_wh - storages.soc_min_wh, 0.0)[
            :, np.newaxis
        ]
        charge = np.minimum(storages.charge_max_w, room / (storages.eta_charge * hours)[:, np.newaxis])
        discharge = np.minimum(
            storages.discharge_max_w, held * (storages.eta_discharge / hours)[:, np.newaxis]
        )
        begin = storages.kept(hours) * storages.soc_start_wh
        charge[:, 0] = np.minimum(
            storages.charge_max_w[:, 0],
            np.maximum(storages.soc_max_wh - begin, 0.0) / (storages.eta_charge * hours),
        )
        discharge[:, 0] = np.minimum(
            storages.discharge_max_w[:, 0],
            np.maximum(begin - storages.soc_min_wh, 0.0) * storages.eta_discharge / hours,
        )
        return charge / self.unit, discharge / self.unit

    def _one_after_the_other(self, charge: Places, discharge: Places, soc: Places) -> None:
        """What is charged has room, and what is discharged is there, before the interval begins: true where a storage does not do both."""
        storages, hours = self.problem.storages, self.problem.hours
        later = charge.shape[1] - 1
        kept = np.repeat(storages.kept(hours), later)
        before = soc[:, :-1].ravel()
        into, out = (
            np.repeat(storages.eta_charge * hours, later),
            np.repeat(hours / storages.eta_discharge, later),
        )
        self.sheet.cuts(
            [charge[:, 1:].ravel(), before], [into, kept], np.repeat(storages.soc_max_wh / self.unit, later)
        )
        self.sheet.cuts(
            [discharge[:, 1:].ravel(), before],
            [out, -kept],
            -kept * np.repeat(storages.soc_min_wh / self.unit, later),
        )

    def _soc_columns(self, shape: tuple[int, int]) -> Places:
        storages, energy = self.problem.storages, self.unit
        lower = np.broadcast_to(storages.soc_min_wh[:, np.newaxis], shape)
        value = np.zeros(shape)
        if self.slack is None:
            lower = np.maximum(lower, storages.soc_wanted_wh)
            lower[:, -1] = np.maximum(lower[:, -1], storages.soc_end_min_wh)
            value[:, -1] = -storages.end_value_per_kwh * self.priced
            self.sheet.offset += (
                float(storages.end_value_per_kwh @ storages.soc_end_min_wh) / energy * self.priced
            )
        upper = np.broadcast_to(storages.soc_max_wh[:, np.newaxis], shape)
        tie = -TIE_STORED / self.problem.intervals
        return self.sheet.columns(
            lower.size, (upper / energy).ravel(), lower=(lower / energy).ravel(), cost=value.ravel(), tie=tie
        ).reshape(shape)

    def _flexible_columns(self) -> tuple[Places, tuple[Run, ...]]:
        loads, sheet, hours = self.problem.flexible, self.sheet, self.problem.hours
        flexible = np.full((len(loads), self.problem.intervals), -1, dtype=np.int64)
        runs = []
        late = TIE_LATE * self.t / self.problem.intervals * hours
        for i in range(len(loads)):
            window = np.arange(loads.earliest[i], loads.latest[i])
            power = loads.power_max_w[i]
            if loads.interruptible[i]:
                flexible[i, window] = sheet.columns(len(window), power / self.unit, tie=late[window])
                continue
            shape = run_shape(float(loads.energy_wh[i]), float(power), hours)
            begins = window[: max(len(window) - len(shape) + 1, 0)] if len(shape) else NEVER
            columns = sheet.columns(len(begins), 1.0, tie=TIE_LATE * begins / self.problem.intervals)
            self._begun(columns)
            runs.append(Run(i, shape, begins, columns))
        return flexible, tuple(runs)

    def _begun(self, starts: Places) -> None:
        """Whether a run has begun by then: whole numbers, whose halving splits a window in two where those of single starts split off one."""
        count = len(starts)
        begun, rows = self.sheet.columns(count, 1.0, whole=True), np.arange(count)
        self.sheet.rows(
            count, 0.0, 0.0, [(rows, starts, 1.0), (rows, begun, -1.0), (rows[1:], begun[:-1], 1.0)]
        )

    def _balance(
        self, imported: Places, exported: Places, curtailed: Places, charge: Places, discharge: Places, flexible: Places,
        runs: tuple[Run, ...],
    ) -> Places:  # fmt: skip
        problem, t = self.problem, self.t
        by_storage = np.tile(t, len(problem.storages))
        entries: list[Entry] = [
            (t, imported, 1.0), (t, exported, -1.0), (by_storage, discharge.ravel(), 1.0), (by_storage, charge.ravel(), -1.0),
        ]  # fmt: skip
        if problem.curtailable:
            entries.append((t, curtailed, -1.0))
        entries += [
            (rows, columns, -factors) for _, rows, columns, factors in self._flexible_entries(flexible, runs)
        ]
        net = (problem.load_w - problem.production_w) / self.unit
        return self.sheet.rows(problem.intervals, net, net, entries)

    def _flexible_entries(
        self, flexible: Places, runs: tuple[Run, ...]
    ) -> list[tuple[int, Places, Places, Array]]:
        """For each flexible load: in which intervals which column draws how much power."""
        found = []
        for i in range(len(flexible)):
            inside = np.flatnonzero(flexible[i] >= 0)
            if len(inside):
                found.append((i, inside, flexible[i, inside], np.ones(len(inside))))
        for run in runs:
            length, starts = len(run.power_w), len(run.begins)
            rows = (run.begins[:, np.newaxis] + np.arange(length)).ravel()
            found.append(
                (run.load, rows, np.repeat(run.columns, length), np.tile(run.power_w / self.unit, starts))
            )
        return found

    def _stored(self, charge: Places, discharge: Places, soc: Places) -> Places:
        storages, hours = self.problem.storages, self.problem.hours
        n, count = soc.shape
        rows = np.arange(n * count).reshape(n, count)
        kept = storages.kept(hours)
        into = -np.repeat(storages.eta_charge * hours, count)
        out = np.repeat(hours / storages.eta_discharge, count)
        begin = np.zeros((n, count))
        begin[:, 0] = kept * storages.soc_start_wh / self.unit
        entries: list[Entry] = [
            (rows.ravel(), soc.ravel(), 1.0), (rows[:, 1:].ravel(), soc[:, :-1].ravel(), -np.repeat(kept, count - 1)),
            (rows.ravel(), charge.ravel(), into), (rows.ravel(), discharge.ravel(), out),
        ]  # fmt: skip
        return self.sheet.rows(n * count, begin.ravel(), begin.ravel(), entries).reshape(n, count)

    def _wishes(self, soc: Places, discharge: Places) -> None:
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
            len(asked),
            storages.soc_wanted_wh.ravel()[asked] / unit,
            INFINITE,
            [(rows, soc.ravel()[asked], 1.0), (rows, short, 1.0)],
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
            count,
            0.0 if strict else INFINITE,
            cost=hours * (self.slack is not None and self.slack.aim == Aim.ABOVE_LIMITS),
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
        entries: list[Entry] = [
            (np.repeat(rows, count), discharge[capped].ravel(), self.problem.hours),
            (rows, above, -1.0),
        ]
        self.sheet.rows(len(capped), -INFINITE, storages.discharge_most_wh[capped] / self.unit, entries)

    def _reserve(self, soc: Places) -> None:
        problem, storages = self.problem, self.problem.storages
        n, count = soc.shape
        needed = problem.reserve_wh + storages.eta_discharge @ storages.soc_min_wh
        short = self._may_miss(count)
        entries: list[Entry] = [
            (np.tile(self.t, n), soc.ravel(), np.repeat(storages.eta_discharge, count)),
            (self.t, short, 1.0),
        ]
        self.sheet.rows(
            count, np.where(problem.reserve_wh > 0, needed / self.unit, -INFINITE), INFINITE, entries
        )

    def _energies(self, flexible: Places, runs: tuple[Run, ...]) -> None:
        """Each flexible load gets its energy, or what is missing is counted."""
        loads, unit, hours = self.problem.flexible, self.unit, self.problem.hours
        for i in np.flatnonzero(loads.interruptible):
            columns = flexible[i][flexible[i] >= 0]
            short, energy = self._may_miss(1), loads.energy_wh[i] / unit
            zeros = np.zeros(len(columns), dtype=np.int64)
            self.sheet.rows(
                1,
                energy,
                energy,
                [(zeros, columns, hours), (zeros[:1] if len(zeros) else np.zeros(1, np.int64), short, 1.0)],
            )
        for run in runs:
            energy = float(loads.energy_wh[run.load]) / unit
            if energy <= 0:
                continue
            short = self._may_miss(1)
            zeros = np.zeros(len(run.columns), dtype=np.int64)
            self.sheet.rows(
                1, energy, energy, [(zeros, run.columns, energy), (np.zeros(1, np.int64), short, 1.0)]
            )

    def _limits(self, imported: Places, exported: Places) -> None:
        """Rows for the connection's limits, where they may be exceeded (else they are bounds of the columns)."""
        if self.slack is None:
            return
        for columns, limit in (
            (imported, self.problem.import_limit_w),
            (exported, self.problem.export_limit_w),
        ):
            bounded = np.flatnonzero(np.isfinite(limit))
            rows = np.arange(len(bounded))
            above = self._may_exceed(len(bounded))
            self.sheet.rows(
                len(bounded),
                -INFINITE,
                limit[bounded] / self.unit,
                [(rows, columns[bounded], 1.0), (rows, above, -1.0)],
            )

    def _shared(
        self, charge: Places, discharge: Places, curtailed: Places, flexible: Places, runs: tuple[Run, ...]
    ) -> None:
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
        for i, rows, columns, factors in self._flexible_entries(flexible, runs):
            entries += [
                (row[r][rows], columns, factors * shared.flexible_per_w[r, i])
                for r in np.flatnonzero(shared.flexible_per_w[:, i])
            ]
        r, t = np.nonzero(shared.curtailed_per_w * self.problem.curtailable)
        entries.append((row[r, t], curtailed[t], shared.curtailed_per_w[r, t]))
        height = int(asked.sum())
        entries.append((np.arange(height), self._may_exceed(height), -1.0))
        there = [
            (rows >= 0, rows, columns, np.broadcast_to(factors, columns.shape))
            for rows, columns, factors in entries
        ]
        self.sheet.rows(
            height, -INFINITE, shared.most_w[asked] / self.unit,
            [(rows[inside], columns[inside], factors[inside]) for inside, rows, columns, factors in there],
        )  # fmt: skip

    def _peak(self, imported: Places) -> None:
        problem, t = self.problem, self.t
        # A price per kW of a power in the programme's unit, against costs in unit x h: the same scale.
        price = problem.peak_price_per_kw * self.priced
        self.sheet.offset -= price * problem.peak_so_far_w / self.unit
        peak = self.sheet.columns(1, INFINITE, lower=problem.peak_so_far_w / self.unit, cost=price)
        self.sheet.rows(len(t), 0.0, INFINITE, [(t, np.repeat(peak, len(t)), 1.0), (t, imported, -1.0)])

    def _pins(self) -> tuple[int, int]:
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

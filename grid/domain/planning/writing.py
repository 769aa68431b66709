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
from grid.domain.planning.wishes import Wishes, draws_of

INFINITE = float("inf")
NEVER = np.zeros(0, dtype=np.int64)
# Among plans that cost the same: least through the storages, least given up, least bought, fullest storages (of equal ones the first
# named), earliest loads.
# Large enough that the least difference stands above what the solver takes for nothing: then the plan is the same wherever the search began.
TIE_THROUGHPUT, TIE_CURTAILED, TIE_IMPORT, TIE_STORED, TIE_LATE = 100.0, 1.0, 0.1, 1e-2, 0.1


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
        self.wishes = Wishes(problem, self.sheet, slack, self.unit)

    def model(self) -> Model:
        problem, sheet, hours = self.problem, self.sheet, self.problem.hours
        storages, count = problem.storages, problem.intervals
        n = len(storages)
        shape = (n, count)
        every = n * count
        price = float(self.priced) * hours
        import_most, export_most, never_both = self._exchange_bounds()
        imported = sheet.columns(count, import_most, cost=problem.import_price_per_kwh * price, tie=TIE_IMPORT * hours)
        exported = sheet.columns(count, export_most, cost=-problem.export_price_per_kwh * price)
        curtailed = sheet.columns(count, problem.production_w / self.unit * problem.curtailable, tie=TIE_CURTAILED * hours)
        charge_most, discharge_most = storages.charge_max_w / self.unit, storages.discharge_max_w / self.unit
        charge = sheet.columns(every, charge_most.ravel(), tie=TIE_THROUGHPUT * hours).reshape(shape)
        wear = np.repeat(storages.wear_per_kwh * price, count)
        discharge = sheet.columns(every, discharge_most.ravel(), cost=wear, tie=TIE_THROUGHPUT * hours).reshape(shape)
        soc = self._soc_columns(shape)
        flexible, runs = self._flexible_columns()
        balance = self._balance(imported, exported, curtailed, charge, discharge, flexible, runs)
        stored = self._stored(charge, discharge, soc)
        self.wishes.stored(soc, discharge)
        self.wishes.energies(flexible, runs)
        self.wishes.connection(imported, exported)
        self.wishes.shared(charge, discharge, curtailed, flexible, runs)
        if problem.peak_price_per_kw > 0:
            self.wishes.peak(imported)
        above, missing = self.wishes.pins()
        charge_full, discharge_full = self._alone()
        self._one_after_the_other(charge, discharge, soc)
        sheet.pairs(charge.ravel(), discharge.ravel(), charge_full.ravel(), discharge_full.ravel(), 0.0, np.tile(balance, n))
        if self.priced and never_both.any():
            sheet.pairs(
                imported[never_both], exported[never_both], import_most[never_both], export_most[never_both], 1.0, balance[never_both]
            )
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
            import_most, export_most = (np.full_like(import_most, INFINITE), np.full_like(export_most, INFINITE))
        pays = problem.export_price_per_kwh > problem.import_price_per_kwh
        if not (self.priced and pays.any()):
            return import_most, export_most, pays & False
        net = (problem.load_w - problem.production_w) / self.unit
        given_up = problem.production_w / self.unit * problem.curtailable
        taken = storages.charge_max_w.sum(axis=0) / self.unit + self._flexible_most() / self.unit
        given = storages.discharge_max_w.sum(axis=0) / self.unit
        import_most = np.where(pays, np.minimum(import_most, np.maximum(net + given_up + taken, 0.0)), import_most)
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
        room = np.maximum(storages.soc_max_wh - storages.kept(hours) * storages.soc_min_wh, 0.0)[:, np.newaxis]
        held = np.maximum(storages.kept(hours) * storages.soc_max_wh - storages.soc_min_wh, 0.0)[:, np.newaxis]
        charge = np.minimum(storages.charge_max_w, room / (storages.eta_charge * hours)[:, np.newaxis])
        discharge = np.minimum(storages.discharge_max_w, held * (storages.eta_discharge / hours)[:, np.newaxis])
        begin = storages.kept(hours) * storages.soc_start_wh
        charge[:, 0] = np.minimum(storages.charge_max_w[:, 0], np.maximum(storages.soc_max_wh - begin, 0.0) / (storages.eta_charge * hours))
        discharge[:, 0] = np.minimum(
            storages.discharge_max_w[:, 0], np.maximum(begin - storages.soc_min_wh, 0.0) * storages.eta_discharge / hours
        )
        return charge / self.unit, discharge / self.unit

    def _one_after_the_other(self, charge: Places, discharge: Places, soc: Places) -> None:
        """What is charged has room, and what is discharged is there, before the interval begins: true where a storage does not do both."""
        storages, hours = self.problem.storages, self.problem.hours
        later = charge.shape[1] - 1
        kept = np.repeat(storages.kept(hours), later)
        before = soc[:, :-1].ravel()
        into, out = (np.repeat(storages.eta_charge * hours, later), np.repeat(hours / storages.eta_discharge, later))
        self.sheet.cuts([charge[:, 1:].ravel(), before], [into, kept], np.repeat(storages.soc_max_wh / self.unit, later))
        self.sheet.cuts([discharge[:, 1:].ravel(), before], [out, -kept], -kept * np.repeat(storages.soc_min_wh / self.unit, later))

    def _soc_columns(self, shape: tuple[int, int]) -> Places:
        storages, energy = self.problem.storages, self.unit
        lower = np.broadcast_to(storages.soc_min_wh[:, np.newaxis], shape)
        value = np.zeros(shape)
        if self.slack is None:
            lower = np.maximum(lower, storages.soc_wanted_wh)
            lower[:, -1] = np.maximum(lower[:, -1], storages.soc_end_min_wh)
            value[:, -1] = -storages.end_value_per_kwh * self.priced
            self.sheet.offset += float(storages.end_value_per_kwh @ storages.soc_end_min_wh) / energy * self.priced
        upper = np.broadcast_to(storages.soc_max_wh[:, np.newaxis], shape)
        first = 1.0 + np.arange(shape[0], 0, -1) / max(shape[0], 1)
        tie = np.repeat(-TIE_STORED / self.problem.intervals * first, shape[1])
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
            shape = run_shape(float(loads.energy_wh[i]), float(power), hours, len(window))
            begins = window[: len(window) - len(shape) + 1] if len(shape) else NEVER
            columns = sheet.columns(len(begins), 1.0, tie=TIE_LATE * begins / self.problem.intervals)
            self._begun(columns)
            runs.append(Run(i, shape, begins, columns))
        return flexible, tuple(runs)

    def _begun(self, starts: Places) -> None:
        """Whether a run has begun by then: whole numbers, whose halving splits a window in two where those of single starts split off one."""
        count = len(starts)
        begun, rows = self.sheet.columns(count, 1.0, whole=True), np.arange(count)
        self.sheet.rows(count, 0.0, 0.0, [(rows, starts, 1.0), (rows, begun, -1.0), (rows[1:], begun[:-1], 1.0)])

    def _balance(
        self,
        imported: Places,
        exported: Places,
        curtailed: Places,
        charge: Places,
        discharge: Places,
        flexible: Places,
        runs: tuple[Run, ...],
    ) -> Places:
        problem, t = self.problem, self.t
        by_storage = np.tile(t, len(problem.storages))
        entries: list[Entry] = [
            (t, imported, 1.0),
            (t, exported, -1.0),
            (by_storage, discharge.ravel(), 1.0),
            (by_storage, charge.ravel(), -1.0),
        ]
        if problem.curtailable:
            entries.append((t, curtailed, -1.0))
        entries += [(rows, columns, -factors) for _, rows, columns, factors in draws_of(flexible, runs, self.unit)]
        net = (problem.load_w - problem.production_w) / self.unit
        return self.sheet.rows(problem.intervals, net, net, entries)

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
            (rows.ravel(), soc.ravel(), 1.0),
            (rows[:, 1:].ravel(), soc[:, :-1].ravel(), -np.repeat(kept, count - 1)),
            (rows.ravel(), charge.ravel(), into),
            (rows.ravel(), discharge.ravel(), out),
        ]
        return self.sheet.rows(n * count, begin.ravel(), begin.ravel(), entries).reshape(n, count)

"""What sites did that an incentive rule rewards, stay by stay, with what a person should look at; reads in blocks of sites, writes nothing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from billing.domain.incentive_checks import Concern, cycled, from_own_sites, moved_next_door, raised_before
from billing.domain.incentive_measures import Measured, amounts_minor, day_sums, entitled_days, local_use, low_income, shifted
from billing.domain.incentive_rules import DemandResponse, Hours, LowIncome, PerDay, PerMonth, Rule, ShiftOffPeak
from billing.models import IncentiveEntitlement
from billing.selectors.holidays import public_holidays
from billing.services.stays import Stay, stays_of
from energy.models import Microgrid, Site
from energy.selectors.meter_days import day_offsets
from grid.models import DayClosing, FlexibilityDay
from grid.models import DemandResponse as SiteResponse
from grid.selectors.flexibility import statements
from grid.selectors.run_results import run_statements
from grid.selectors.sharing import load_shares

Ints = NDArray[np.int64]
BLOCK = 500


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """What one stay at a site earned if there were no limits."""

    stay: Stay
    quantity: int
    unit: str
    amount_minor: int
    by_day: tuple[int, ...]
    baseline_wh: int | None
    measured_wh: int | None
    concerns: list[Concern] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Block:
    """Some sites over some days, by day [n, d], and interval by interval where it is asked for [n, T]."""

    drawn: Ints
    received: Ints
    delivered: Ints
    peak: Ints
    received_wh: Ints
    delivered_wh: Ints


def work_out(*, microgrid: Microgrid, rule: Rule, days: Sequence[date], paid_by_tariff: frozenset[int]) -> list[WorkedOut]:
    """What every stay of members on these days earned, those who earned nothing left out; in the order of the sites' codes.

    Args:
        paid_by_tariff: sites whose tariff pays for the same already; they get nothing here.
    """
    if isinstance(rule, DemandResponse):
        return []  # Events are measured and credited one by one.
    sites = list(
        Site.objects.filter(microgrid=microgrid, meters__kind="site")
        .exclude(pk__in=paid_by_tariff)
        .exclude(member=None)
        .distinct()
        .order_by("code")
        .select_related("member")
    )
    found: list[WorkedOut] = []
    for begin in range(0, len(sites), BLOCK):
        found += _of_block(microgrid, rule, days, sites[begin : begin + BLOCK])
    return _with_neighbours(microgrid, rule, days, found)


def _of_block(microgrid: Microgrid, rule: Rule, days: Sequence[date], sites: list[Site]) -> list[WorkedOut]:
    stays = [s for s in stays_of(sites, days) if not s.member.is_cooperative]
    if not stays:
        return []
    ids = sorted({s.site.pk for s in stays})
    block = _load(microgrid, days, ids, rule.peak if isinstance(rule, ShiftOffPeak) else None)
    rows = np.searchsorted(np.array(ids), [s.site.pk for s in stays])
    mask = np.array([[s.first <= d < s.after for d in range(len(days))] for s in stays])
    concerns: list[list[Concern]] = [[] for _ in stays]
    if isinstance(rule, ShiftOffPeak):
        measured = _shifted(microgrid, rule, days, stays, rows, ids, block, mask, concerns)
    elif isinstance(rule, LowIncome):
        entitled = mask & _entitled(stays, days)
        per_day = isinstance(rule.reward, PerDay)
        measured = entitled_days(entitled) if per_day else low_income(block.drawn[rows], entitled, rule.most_wh_a_day)
    else:
        received, delivered = block.received[rows] * mask, block.delivered[rows] * mask
        measured = local_use(received)
        _note(concerns, Concern.CYCLED, cycled(received, delivered, _discharged(microgrid, ids, days)[rows] * mask))
    return _earned(rule, stays, measured, concerns)


def _earned(rule: Rule, stays: list[Stay], measured: Measured, concerns: list[list[Concern]]) -> list[WorkedOut]:
    reward = rule.reward  # type: ignore[union-attr]
    unit = "day" if isinstance(reward, PerDay) else "" if isinstance(reward, PerMonth) else "Wh"
    amounts = amounts_minor(measured, reward)
    return [
        WorkedOut(
            stay,
            1 if isinstance(reward, PerMonth) else int(measured.quantity[i]),
            unit,
            amounts[i],
            tuple(measured.by_day[i].tolist()),
            None if measured.baseline_wh is None else int(measured.baseline_wh[i]),
            None if measured.measured_wh is None else int(measured.measured_wh[i]),
            concerns[i],
        )
        for i, stay in enumerate(stays)
        if amounts[i] > 0
    ]


def _load(microgrid: Microgrid, days: Sequence[date], ids: list[int], peak: Hours | None) -> Block:
    shares = load_shares(microgrid=microgrid, days=days, site_ids=ids)
    within = _in_peak(microgrid, days, peak) if peak else np.zeros(shares.import_wh.shape[1], dtype=bool)
    return Block(
        day_sums(shares.import_wh, shares.offsets),
        day_sums(shares.received_wh, shares.offsets),
        day_sums(shares.delivered_wh, shares.offsets),
        day_sums(shares.import_wh * within, shares.offsets),
        shares.received_wh,
        shares.delivered_wh,
    )


def _in_peak(microgrid: Microgrid, days: Sequence[date], peak: Hours) -> NDArray[np.bool_]:
    """Which intervals begin within the peak by the local clock; a holiday is no workday."""
    holidays = public_holidays(microgrid, days)
    return np.array(
        [
            peak.start_minute <= start.hour * 60 + start.minute < peak.end_minute
            and not (peak.workdays_only and (start.weekday() > 4 or start.date() in holidays))
            for day in days
            for start in microgrid.local_day(day).local_starts()
        ],
        dtype=bool,
    )


def _shifted(
    microgrid: Microgrid,
    rule: ShiftOffPeak,
    days: Sequence[date],
    stays: list[Stay],
    rows: Ints,
    ids: list[int],
    block: Block,
    mask: NDArray[np.bool_],
    concerns: list[list[Concern]],
) -> Measured:
    usual = _days_before(microgrid, min(days), rule.usual_days)
    known = len(usual) >= rule.least_days
    events = _event_days(microgrid, ids, [*usual, *days])
    counted = mask & ~events[rows][:, len(usual) :]
    usual_peak, usual_drawn = _usual(microgrid, rule, usual if known else [], ids, rows, events)
    # Who moved in while it was measured has no usual.
    new = np.array([s.since is not None and bool(usual) and s.since > usual[0] for s in stays])
    usual_drawn = np.where(new, 0, usual_drawn)
    elsewhere = _paid_elsewhere(microgrid, days, ids)[rows]
    measured = shifted(block.peak[rows] * counted, block.drawn[rows] * counted, usual_peak, usual_drawn, paid_elsewhere_wh=elsewhere)
    earlier = _days_before(microgrid, usual[0], rule.usual_days) if usual else []
    if len(earlier) >= rule.least_days:
        none = np.zeros((len(ids), len(earlier)), dtype=bool)
        before_peak, before_drawn = _usual(microgrid, rule, earlier, ids, rows, none)
        _note(concerns, Concern.RAISED_BEFORE, raised_before(usual_peak, usual_drawn, before_peak, before_drawn))
    return measured


def _usual(
    microgrid: Microgrid, rule: ShiftOffPeak, days: Sequence[date], ids: list[int], rows: Ints, events: NDArray[np.bool_]
) -> tuple[Ints, Ints]:
    """Wh drawn in the peak and altogether on some days, without those of events."""
    if not days:
        return np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
    block = _load(microgrid, days, ids, rule.peak)
    free = ~events[:, : len(days)]
    return (block.peak * free).sum(axis=1)[rows], (block.drawn * free).sum(axis=1)[rows]


def _days_before(microgrid: Microgrid, first: date, count: int) -> list[date]:
    """Closed days among the `count` before one."""
    rows = DayClosing.objects.filter(microgrid=microgrid, day__gte=first - timedelta(days=count), day__lt=first)
    return sorted(set(rows.values_list("day", flat=True)))


def _event_days(microgrid: Microgrid, ids: list[int], days: Sequence[date]) -> NDArray[np.bool_]:
    """Days on which a site took part in a demand response event: what it did then is paid there; [n, d]."""
    place, column = {pk: i for i, pk in enumerate(ids)}, {day: i for i, day in enumerate(days)}
    found = np.zeros((len(ids), len(days)), dtype=bool)
    first, last = microgrid.local_day(min(days)), microgrid.local_day(max(days))
    rows = SiteResponse.objects.filter(
        site__in=ids, opted_out_at=None, event__cancelled_at=None, event__start_at__gte=first.start_at, event__start_at__lt=last.end_at
    )
    for site, start_at in rows.values_list("site", "event__start_at"):
        day = start_at.astimezone(microgrid.zone).date()
        if day in column:
            found[place[site], column[day]] = True
    return found


def _paid_elsewhere(microgrid: Microgrid, days: Sequence[date], ids: list[int]) -> Ints:
    """Wh for which batteries and devices of the sites are paid as flexibility; [n]."""
    found: dict[int, int] = defaultdict(int)
    for storage in statements(microgrid=microgrid, days=days):
        found[storage.storage.site_id] += storage.given_wh if storage.owed_micro > 0 else 0
    for device in run_statements(microgrid=microgrid, days=days, site_ids=ids):
        found[device.consumer.site_id] += device.moved_wh if device.owed_micro > 0 else 0
    return np.array([found[pk] for pk in ids], dtype=np.int64)


def _entitled(stays: list[Stay], days: Sequence[date]) -> NDArray[np.bool_]:
    """On which days each stay's member is entitled; [n, d]."""
    rows = IncentiveEntitlement.objects.filter(member__in={s.member.pk for s in stays}, valid_from__lte=max(days))
    spans: dict[int, list[tuple[date, date | None]]] = defaultdict(list)
    for row in rows.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=min(days))):
        spans[row.member_id].append((row.valid_from, row.valid_to))
    return np.array(
        [[any(begin <= day and (end is None or day < end) for begin, end in spans[s.member.pk]) for day in days] for s in stays], dtype=bool
    ).reshape(len(stays), len(days))


def _discharged(microgrid: Microgrid, ids: list[int], days: Sequence[date]) -> Ints:
    """Wh that came out of the sites' batteries, by day [n, d], where their meters say."""
    place, column = {pk: i for i, pk in enumerate(ids)}, {day: i for i, day in enumerate(days)}
    found = np.zeros((len(ids), len(days)), dtype=np.int64)
    rows = FlexibilityDay.objects.filter(microgrid=microgrid, day__in=days, is_current=True, storage__site__in=ids)
    for site, day, discharge in rows.values_list("storage__site", "day", "discharge_wh"):
        found[place[site], column[day]] += sum(discharge)
    return found


def _with_neighbours(microgrid: Microgrid, rule: Rule, days: Sequence[date], found: list[WorkedOut]) -> list[WorkedOut]:
    """Add the concerns about other sites of the same member."""
    stays: list[Stay] = []
    many: dict[int, set[int]] = defaultdict(set)
    all_sites = list(Site.objects.filter(microgrid=microgrid, meters__kind="site").distinct().select_related("member").order_by("pk"))
    for stay in stays_of(all_sites, days):
        many[stay.member.pk].add(stay.site.pk)
        stays.append(stay)
    several = {member for member, sites in many.items() if len(sites) > 1} & {w.stay.member.pk for w in found}
    chosen = sorted({(s.site.pk, s.member.pk) for s in stays if s.member.pk in several})
    if not chosen or isinstance(rule, LowIncome):
        return found
    ids = sorted({site for site, _ in chosen})
    rows = np.searchsorted(np.array(ids), [site for site, _ in chosen])
    owners = [member for _, member in chosen]
    if isinstance(rule, ShiftOffPeak):
        suspect = _moved(microgrid, rule, days, ids, rows, owners, chosen, found)
    else:
        block = _load(microgrid, days, ids, None)
        everybody = _delivered_by_all(microgrid, days, [s.pk for s in all_sites])
        suspect = from_own_sites(block.received_wh[rows], block.delivered_wh[rows], owners, everybody)
    concern = Concern.MOVED_NEXT_DOOR if isinstance(rule, ShiftOffPeak) else Concern.OWN_SITES
    named = {pair for pair, is_so in zip(chosen, suspect.tolist(), strict=True) if is_so}
    for one in found:
        if (one.stay.site.pk, one.stay.member.pk) in named:
            one.concerns.append(concern)
    return found


def _delivered_by_all(microgrid: Microgrid, days: Sequence[date], ids: list[int]) -> Ints:
    """Wh delivered by everybody, interval by interval [T]."""
    total = np.zeros(int(day_offsets(microgrid, sorted(days))[-1]), dtype=np.int64)
    for begin in range(0, len(ids), BLOCK):
        total += load_shares(microgrid=microgrid, days=days, site_ids=ids[begin : begin + BLOCK]).delivered_wh.sum(axis=0)
    return total


def _moved(
    microgrid: Microgrid,
    rule: ShiftOffPeak,
    days: Sequence[date],
    ids: list[int],
    rows: Ints,
    owners: list[int],
    chosen: list[tuple[int, int]],
    found: list[WorkedOut],
) -> NDArray[np.bool_]:
    usual = _days_before(microgrid, min(days), rule.usual_days)
    block = _load(microgrid, days, ids, rule.peak)
    none = np.zeros((len(ids), max(len(usual), 1)), dtype=bool)
    usual_peak, _ = _usual(microgrid, rule, usual, ids, rows, none)
    expected = usual_peak * len(days) // max(len(usual), 1)
    earned = {(w.stay.site.pk, w.stay.member.pk): w for w in found}
    moved = np.array([(w.baseline_wh or 0) - (w.measured_wh or 0) if (w := earned.get(pair)) else 0 for pair in chosen])
    return moved_next_door(moved, block.peak.sum(axis=1)[rows] - expected, owners)


def _note(concerns: list[list[Concern]], concern: Concern, seen: NDArray[np.bool_]) -> None:
    for i in np.flatnonzero(seen).tolist():
        concerns[i].append(concern)

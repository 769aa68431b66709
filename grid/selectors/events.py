"""Events of a microgrid, and everything a report about one tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from django.db.models import Count, Q

from energy.models import Microgrid, SwitchPosition
from grid.domain.events import TROUBLED, Event, Happening, find_events, like_sentences, status_changes, thin
from grid.models import (
    CommandStatus,
    DeviceCommand,
    Emergency,
    EmergencyCall,
    GridAlarm,
    GridAlarmStep,
    GridState,
    Interruption,
    InterruptionCause,
    OperatorOverride,
)

AROUND = timedelta(minutes=15)
LONGEST_REPORT = timedelta(days=3)
MOST_TICKS, MOST_POINTS, MOST_HAPPENINGS, MOST_EVENTS, MOST_REASONS = 60_000, 240, 300, 50, 10


class CannotReport(ValueError):
    """There is no report of that period; the message says why."""


@dataclass(frozen=True, slots=True)
class Curve:
    """What was measured, at some instants; None where it is not known."""

    name: str
    unit: str
    colour: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Affected:
    """One interruption within the period."""

    cause: str
    note: str
    start_at: datetime
    end_at: datetime | None
    sites: int
    customer_minutes: float


@dataclass(frozen=True, slots=True)
class EmergencyTold:
    """An emergency or a drill: its cause, and who of those that were called answered."""

    is_drill: bool
    cause: str
    began_at: datetime
    ended_at: datetime | None
    called: Sequence[str]
    answered: Sequence[str]
    answered_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class CommandSums:
    """What storages were told in the period."""

    issued: int
    acknowledged: int
    expired: int
    storages: int


@dataclass(frozen=True, slots=True)
class EventReport:
    """What happened when, who was affected, what the control did and why, curves, and what is left to do."""

    microgrid: Microgrid
    start_at: datetime
    end_at: datetime
    statuses: Sequence[str]
    course: Sequence[Happening]
    left_out: int
    emergencies: Sequence[EmergencyTold]
    affected: Sequence[Affected]
    sites_total: int
    sites_interrupted: int
    commands: CommandSums
    reasons: Sequence[tuple[str, int]]
    instants: Sequence[datetime]
    curves: Sequence[Curve]
    follow_ups: Sequence[str]


def past_emergencies(microgrid: Microgrid) -> list[Emergency]:
    """Emergencies and drills, the newest first."""
    return list(Emergency.objects.filter(microgrid=microgrid).order_by("-began_at", "-pk")[:MOST_EVENTS])


def other_stretches(microgrid: Microgrid, known: Sequence[Emergency]) -> list[Event]:
    """Stretches of trouble among the ticks of which no emergency was written down."""
    real = [row for row in known if not row.is_drill]
    return [
        event
        for event in troubled_stretches(microgrid)
        if not any(
            row.began_at - AROUND <= event.end_at and (row.ended_at is None or event.start_at <= row.ended_at + AROUND) for row in real
        )
    ]


def troubled_stretches(microgrid: Microgrid) -> list[Event]:
    """Events among the kept ticks, the newest first."""
    ticks = GridState.objects.filter(microgrid=microgrid, status__in=TROUBLED).order_by("-at")[:MOST_TICKS]
    events = find_events(list(ticks.values_list("at", "status"))[::-1])
    return events[::-1][:MOST_EVENTS]


def report_on(microgrid: Microgrid, start_at: datetime, end_at: datetime, now: datetime) -> EventReport:
    """Gather a report on `[start_at, end_at]`.

    Raises:
        CannotReport: the period is not in order, longer than three days, or lies ahead.
    """
    if not start_at < end_at:
        raise CannotReport("The period must end after it begins.")
    if end_at - start_at > LONGEST_REPORT:
        raise CannotReport("A report covers three days at most.")
    if start_at > now:
        raise CannotReport("The period lies ahead.")
    states = list(GridState.objects.filter(microgrid=microgrid, at__gte=start_at, at__lte=end_at).order_by("at")[:MOST_TICKS])
    alarms = list(
        GridAlarm.objects.filter(microgrid=microgrid, raised_at__lte=end_at)
        .exclude(cleared_at__lt=start_at)
        .order_by("priority", "raised_at")
    )
    cuts = list(
        Interruption.objects.filter(microgrid=microgrid, started_at__lte=end_at)
        .exclude(ended_at__lt=start_at)
        .prefetch_related("sites")
        .order_by("started_at")
    )
    emergencies = list(
        Emergency.objects.filter(microgrid=microgrid, began_at__lte=end_at)
        .exclude(ended_at__lt=start_at)
        .prefetch_related("steps__by", "calls__user")
        .order_by("began_at")
    )
    commands = _commands(microgrid, start_at, end_at)
    course = sorted(
        [
            *status_changes([(s.at, s.status, s.reasons) for s in states]),
            *_alarm_steps(microgrid, start_at, end_at),
            *_cut_steps(cuts, start_at, end_at),
            *_emergency_steps(emergencies),
            *_orders_by_hand(microgrid, start_at, end_at),
            *_switchings(microgrid, start_at, end_at),
        ],
        key=lambda one: one.at,
    )
    course = [one for one in course if start_at <= one.at <= end_at]
    chosen = [states[i] for i in thin([None] * len(states), MOST_POINTS)]
    return EventReport(
        microgrid,
        start_at,
        end_at,
        list(dict.fromkeys(s.status for s in states)),
        course[:MOST_HAPPENINGS],
        max(len(course) - MOST_HAPPENINGS, 0),
        [_told(row) for row in emergencies],
        [_affected(cut, start_at, min(end_at, now)) for cut in cuts],
        microgrid.sites.count(),
        len({touched.site_id for cut in cuts for touched in cut.sites.all()}),
        commands,
        _reasons(states),
        [state.at for state in chosen],
        _curves(chosen),
        _follow_ups(alarms, cuts, commands, states, microgrid.zone) + _of_emergencies(emergencies),
    )


def _alarm_steps(microgrid: Microgrid, start_at: datetime, end_at: datetime) -> list[Happening]:
    steps = GridAlarmStep.objects.filter(alarm__microgrid=microgrid, at__gte=start_at, at__lte=end_at)
    rows = steps.select_related("alarm", "by").order_by("at", "pk")[: 2 * MOST_HAPPENINGS]
    return [
        Happening(step.at, f"Alarm {step.get_kind_display()}: {step.alarm}", step.detail, step.by.email if step.by else "") for step in rows
    ]


def _cut_steps(cuts: Sequence[Interruption], start_at: datetime, end_at: datetime) -> list[Happening]:
    found = []
    for cut in cuts:
        words = f"{cut.get_cause_display()}, {len(cut.sites.all())} sites"
        found.append(Happening(cut.started_at, f"Supply interrupted: {words}", cut.note))
        if cut.ended_at is not None:
            found.append(Happening(cut.ended_at, f"Supply is back: {words}", ""))
    return [one for one in found if start_at <= one.at <= end_at]


def _emergency_steps(emergencies: Sequence[Emergency]) -> list[Happening]:
    found = []
    for row in emergencies:
        word = "Drill" if row.is_drill else "Emergency"
        if not row.steps.all():
            found.append(Happening(row.began_at, f"{word} begins", row.cause))
        found += [Happening(step.at, _with_word(word, step.text), "", str(step.by) if step.by else "") for step in row.steps.all()]
        if row.ended_at is not None:
            found.append(Happening(row.ended_at, f"{word} ends", ""))
    return found


def _with_word(word: str, text: str) -> str:
    """A step named as what it belongs to, once."""
    return text if text.lower().startswith(word.lower()) else f"{word}: {text}"


def _switchings(microgrid: Microgrid, start_at: datetime, end_at: datetime) -> list[Happening]:
    """Switches that were moved, by hand or for planned work."""
    moves = SwitchPosition.objects.filter(switch__microgrid=microgrid, at__gte=start_at, at__lte=end_at)
    return [
        Happening(
            move.at, f"{move.switch} {'closed' if move.is_closed else 'opened'}", move.reason, str(move.set_by) if move.set_by else ""
        )
        for move in moves.select_related("switch", "set_by").order_by("at", "pk")[:MOST_HAPPENINGS]
    ]


def _orders_by_hand(microgrid: Microgrid, start_at: datetime, end_at: datetime) -> list[Happening]:
    rows = OperatorOverride.objects.filter(microgrid=microgrid, confirmed_at__gte=start_at, confirmed_at__lte=end_at)
    found = []
    for row in rows.select_related("storage", "source", "confirmed_by", "ended_by")[:MOST_HAPPENINGS]:
        assert row.confirmed_at is not None
        found.append(
            Happening(row.confirmed_at, f"Ordered by hand: {row.order}", f"{row.minutes} min: {row.reason}", str(row.confirmed_by))
        )
        if row.ended_early_at is not None:
            found.append(Happening(row.ended_early_at, f"Order by hand ended: {row.order}", "", str(row.ended_by)))
    return found


def _told(row: Emergency) -> EmergencyTold:
    calls: list[EmergencyCall] = sorted(row.calls.all(), key=lambda call: (call.called_at, call.pk))
    return EmergencyTold(
        row.is_drill,
        row.cause,
        row.began_at,
        row.ended_at,
        [str(call.user) for call in calls],
        [str(call.user) for call in calls if call.answered_at is not None],
        min((call.answered_at - calls[0].called_at for call in calls if call.answered_at is not None), default=None),
    )


def _of_emergencies(emergencies: Sequence[Emergency]) -> list[str]:
    found = []
    for row in emergencies:
        word = "drill" if row.is_drill else "emergency"
        if row.ended_at is None:
            found.append(f"The {word} is still open: {row.cause}")
        calls = list(row.calls.all())
        if calls and all(call.answered_at is None for call in calls):
            found.append(f"Nobody answered the calls of the {word}: look at the contacts and their numbers.")
        if not calls:
            found.append(f"Nobody was called in the {word}: enter contacts.")
    return found


def _affected(cut: Interruption, start_at: datetime, end_at: datetime) -> Affected:
    begins, ends = max(cut.started_at, start_at), min(cut.ended_at or end_at, end_at)
    minutes = sum(max((min(touched.restored_at or ends, ends) - begins) / timedelta(minutes=1), 0.0) for touched in cut.sites.all())
    return Affected(cut.get_cause_display(), cut.note, cut.started_at, cut.ended_at, len(cut.sites.all()), minutes)


def _commands(microgrid: Microgrid, start_at: datetime, end_at: datetime) -> CommandSums:
    rows = DeviceCommand.objects.filter(microgrid=microgrid, issued_at__gte=start_at, issued_at__lte=end_at)
    sums = rows.aggregate(
        issued=Count("pk"),
        acknowledged=Count("pk", filter=Q(acknowledged_at__isnull=False)),
        expired=Count("pk", filter=Q(status=CommandStatus.EXPIRED, acknowledged_at__isnull=True)),
        storages=Count("storage", distinct=True),
    )
    return CommandSums(sums["issued"], sums["acknowledged"], sums["expired"], sums["storages"])


def _reasons(states: Sequence[GridState]) -> list[tuple[str, int]]:
    """The control's sentences with how many ticks said so, the most frequent first."""
    return like_sentences((reason for state in states for reason in state.reasons), MOST_REASONS)


def _curves(states: Sequence[GridState]) -> list[Curve]:
    def column(name: str, scale: float) -> list[float | None]:
        return [None if (value := getattr(state, name)) is None else value / scale for state in states]

    exchange: list[float | None] = [(state.import_w - state.export_w) / 1000 for state in states]
    stored = [100 * state.storage_wh / state.storage_capacity_wh if state.storage_capacity_wh else None for state in states]
    return [
        Curve("Produced", "kW", "solar", column("production_w", 1000)),
        Curve("Used", "kW", "use", column("consumption_w", 1000)),
        Curve("From the public grid (below zero: to it)", "kW", "public", exchange),
        Curve("Batteries full", "%", "storage", stored),
        Curve("Highest loading", "%", "alarm", column("highest_loading", 0.01)),
        Curve("Lowest voltage", "p.u.", "ink", column("lowest_voltage_pu", 1)),
    ]


def _of_alarm(alarm: GridAlarm) -> str:
    """What an alarm still asks for, in one line."""
    if alarm.is_active:
        asks = "still active" + ("" if alarm.acknowledged_at else ", and nobody has acknowledged it")
    else:
        asks = "over, but nobody has acknowledged it"
    sentence = alarm.sentence.rstrip(".")
    return f"{sentence[:1].upper()}{sentence[1:]}: {asks} ({alarm.get_priority_display()})."


def _follow_ups(
    alarms: Sequence[GridAlarm], cuts: Sequence[Interruption], commands: CommandSums, states: Sequence[GridState], zone: tzinfo
) -> list[str]:
    """What is left to do, as far as the rows tell."""
    found = [_of_alarm(alarm) for alarm in alarms if alarm.is_active or alarm.acknowledged_at is None][:20]
    for cut in cuts:
        if cut.ended_at is None:
            since = f"{cut.started_at.astimezone(zone):%d %b, %H:%M}".lstrip("0")
            verb = "Planned work goes on" if cut.cause == InterruptionCause.PLANNED else "Restore supply"
            words = cut.note.rstrip(".") or cut.get_cause_display()
            count = len(cut.sites.all())
            found.append(f"{verb}: {count} site{'' if count == 1 else 's'} without, since {since} ({words}).")
        if cut.cause == InterruptionCause.UNKNOWN:
            found.append("Find the cause of an interruption whose cause is not known.")
    if commands.expired:
        found.append(f"Look at the storages' links: {commands.expired} commands ran out without an acknowledgement.")
    if not states:
        found.append("No control tick is kept of this period: find out why, or take the closed day's figures instead.")
    elif any(state.sites_reporting < state.sites_total for state in states):
        worst = max(state.sites_total - state.sites_reporting for state in states)
        found.append(f"Look at the meters: up to {worst} sites did not report.")
    return found

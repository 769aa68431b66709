"""An approved outage as it goes: at its start switches move, at its end they are put back; extended, ended early. `now` is the microgrid's.

Every step is one transaction that looks at the outage's state first, so that a task that runs twice or dies half way moves nothing twice.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from energy.models import Microgrid, Switch
from energy.services.switching import CannotSwitch, ends_of, switch_at
from grid.domain.outage_notices import Notice
from grid.models import InterruptionCause, OutageMove, OutageState, PlannedOutage
from grid.selectors.network import switches_at
from grid.selectors.outage_holds import held_for_work
from grid.services.outage_notices import remind_members, tell_members
from grid.services.planned_outages import CannotPlanOutage
from grid.services.switching import Move, move_switches
from members.models import Role, User
from members.services.notifications import notify, staff_of


def run_outages(*, microgrid: Microgrid, now: datetime) -> int:
    """Begin what is due, put back what is over, remind of what is near; returns how many steps were taken."""
    rows = PlannedOutage.objects.filter(microgrid=microgrid, state__in=(OutageState.APPROVED, OutageState.RUNNING))
    taken = 0
    for row in rows.select_related("microgrid__cooperative").order_by("end_at", "pk"):
        if row.state == OutageState.APPROVED and row.start_at <= now:
            taken += begin_outage(outage=row, now=now)
        elif row.state == OutageState.APPROVED:
            taken += remind_members(outage=row, now=now) > 0
        elif row.end_at <= now:
            taken += _end_where_it_may(row, now)
    return taken


def begin_outage(*, outage: PlannedOutage, now: datetime) -> bool:
    """Close what is closed meanwhile, open both ends of what is out; false where it began already or cannot.

    What cannot begin, because its time is over or a switch cannot be moved, is marked so, and the operators are told.
    """
    with transaction.atomic():
        row = _locked(outage)
        if row.state != OutageState.APPROVED or row.start_at > now:
            return False
        if row.end_at <= now:
            _fail(row, "Nobody could begin it within its time.", now)
            return True
        try:
            with transaction.atomic():
                moves = [*_ties(row, now), *_elements(row, now)]
                positions = move_switches(
                    microgrid=row.microgrid,
                    moves=moves,
                    reason=f"Planned work: {row.reason}",
                    note=row.reason,
                    cause=InterruptionCause.PLANNED,
                    ref=f"outage:{row.public_id}",
                    by=row.decided_by,
                    now=now,
                )
        except CannotSwitch as problem:
            _fail(row, str(problem), now)
            return True
        OutageMove.objects.bulk_create(
            OutageMove(outage=row, switch=move.switch, position=position) for move, position in zip(moves, positions, strict=True)
        )
        row.state, row.began_at = OutageState.RUNNING, now
        row.save(update_fields=["state", "began_at"])
    return True


def _fail(row: PlannedOutage, why: str, now: datetime) -> None:
    row.state, row.course_note = OutageState.FAILED, why[:300]
    row.save(update_fields=["state", "course_note"])
    _tell_operators(row, "failed", f"Did not begin: {row.reason}", why, now)
    tell_members(outage=row, notice=Notice.CANCELLED, now=now)


def _ties(row: PlannedOutage, now: datetime) -> list[Move]:
    """Open switches that are closed meanwhile; those that are closed already stay as they are, afterwards too.

    Raises:
        CannotSwitch: other work rests on one of them.
    """
    held = held_for_work(row.microgrid)
    for one in row.switchings.select_related("switch"):
        if one.switch.code in held:
            raise CannotSwitch(f"{one.switch} stands open for other work that goes on: {held[one.switch.code]}.")
    chosen = set(row.switchings.values_list("switch", flat=True))
    return [Move(switch, True) for switch, closed in switches_at(row.microgrid_id, now) if switch.pk in chosen and not closed]


def _elements(row: PlannedOutage, now: datetime) -> list[Move]:
    """Both ends of each element, those that are closed."""
    moves: dict[int, Move] = {}
    for element in row.elements.order_by("pk"):
        for node in ends_of(microgrid=row.microgrid, kind=element.kind, code=element.code, at=now):
            switch = switch_at(microgrid=row.microgrid, kind=element.kind, code=element.code, node=node, at=now)
            moves[switch.pk] = Move(switch, False)
    closed = {switch.pk for switch, is_closed in switches_at(row.microgrid_id, now) if is_closed}
    return [move for pk, move in moves.items() if pk in closed]


@transaction.atomic
def _end_where_it_may(outage: PlannedOutage, now: datetime) -> bool:
    """Put back at the end, unless somebody must say first that the work is done, or a later end waits for its decision or was approved."""
    row = _locked(outage)
    if row.state != OutageState.RUNNING or row.end_at > now:
        return False
    waits = row.extensions.filter(decided_at__isnull=True).exists()
    if not waits and not row.waits_for_clearance:
        return end_outage(outage=row, by=None, now=now)
    why = "a later end waits for somebody's decision" if waits else "it waits for the word that the work is done"
    return _tell_operators(
        row, f"overdue {row.end_at.isoformat()}", f"Past its end: {row.reason}", f"Supply is not put back by itself: {why}.", now
    )


def end_outage(*, outage: PlannedOutage, by: User | None, now: datetime) -> bool:
    """Put every switch back that was moved for it and still stands so; false where it has ended already.

    Raises:
        CannotPlanOutage: it is not at work.
    """
    with transaction.atomic():
        row = _locked(outage)
        if row.state == OutageState.ENDED:
            return False
        if row.state != OutageState.RUNNING:
            raise CannotPlanOutage("Only work that has begun can be ended; withdraw it before.")
        moved = list(row.moves.filter(back__isnull=True).select_related("switch", "position").order_by("-pk"))
        stands = {switch.pk: closed for switch, closed in switches_at(row.microgrid_id, now)}
        notes = []
        back: list[OutageMove] = []
        for move in moved:
            other = _still_needed_by(row, move)
            if other is not None:
                OutageMove.objects.filter(pk=move.pk).update(outage=other)
                notes.append(f"{move.switch} stays for '{other.reason}'")
            elif stands.get(move.switch_id) != move.position.is_closed:
                move.left = "It was moved by somebody else meanwhile."
                move.save(update_fields=["left"])
                notes.append(f"{move.switch} was moved meanwhile and left")
            else:
                back.append(move)
        _put_back(row, back, by, now)
        row.extensions.filter(decided_at__isnull=True).delete()
        row.state, row.ended_at, row.ended_by = OutageState.ENDED, now, by
        row.course_note = "; ".join(notes)[:300]
        row.save(update_fields=["state", "ended_at", "ended_by", "course_note"])
        tell_members(outage=row, notice=Notice.OVER, now=now)
    return True


def _put_back(row: PlannedOutage, back: Iterable[OutageMove], by: User | None, now: datetime) -> None:
    """In the reverse order: what was opened last is closed first, so that nobody loses supply on the way."""
    moves = list(back)
    positions = move_switches(
        microgrid=row.microgrid,
        moves=[Move(m.switch, not m.position.is_closed) for m in moves],
        reason=f"Work done: {row.reason}",
        note=row.reason,
        cause=InterruptionCause.PLANNED,
        ref=f"outage:{row.public_id}:back",
        by=by,
        now=now,
    )
    for move, position in zip(moves, positions, strict=True):
        move.back = position
        move.save(update_fields=["back"])


def _still_needed_by(row: PlannedOutage, move: OutageMove) -> PlannedOutage | None:
    """Other work that goes on and rests on the same switch: it would be put under voltage by putting the switch back."""
    switch: Switch = move.switch
    others = PlannedOutage.objects.filter(microgrid=row.microgrid_id, state=OutageState.RUNNING).exclude(pk=row.pk)
    if move.position.is_closed:
        return others.filter(switchings__switch=switch).order_by("-end_at").first()
    kind, code = ("line", switch.line_code) if switch.line_code else ("transformer", switch.transformer_code)
    return others.filter(elements__kind=kind, elements__code=code).exclude(moves__switch=switch).order_by("-end_at").first()


def _locked(outage: PlannedOutage) -> PlannedOutage:
    return PlannedOutage.objects.select_for_update(of=("self",)).select_related("microgrid__cooperative", "decided_by").get(pk=outage.pk)


def _tell_operators(row: PlannedOutage, what: str, subject: str, text: str, now: datetime) -> bool:
    return bool(
        notify(
            users=staff_of(row.microgrid.cooperative, Role.OPERATOR),
            kind="outage",
            key=f"outage:{row.public_id}:{what}",
            subject=subject,
            text=text,
            path=f"/live/network/outages/{row.public_id}/",
            by_mail=True,
            now=now,
        )
    )

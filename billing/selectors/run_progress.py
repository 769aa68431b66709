"""How far a run is: its steps, its parts, its papers and where each delivery stands; and what it comes to before it is released."""

from dataclasses import dataclass

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.models import BillingRun, Component, Delivery, DeliveryStatus, Document, RunKind, RunStatus
from billing.models.checks import CheckKind
from billing.selectors.phrases import PHRASES
from members.language import day_in_words, said

STEPS = ("prepared", "rated", "released", "posted", "printed", "sent")
STEP_NAMES = {
    "prepared": gettext_lazy("Prepared"),
    "rated": gettext_lazy("Drawn up"),
    "released": gettext_lazy("Released"),
    "posted": gettext_lazy("Posted"),
    "printed": gettext_lazy("Printed"),
    "sent": gettext_lazy("Sent"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a run: done, under way or still to come, and what is told of it."""

    name: str
    state: str
    told: str


@dataclass(frozen=True, slots=True)
class RunProgress:
    """Counts of a run; `moves` while workers still have something to do, `percent` of the step under way where that can be told."""

    steps: list[Step]
    percent: int | None
    moves: bool
    deliveries: dict[str, int]


def progress_of(run: BillingRun, unprinted: int, obstacle: str = "") -> RunProgress:
    """How far a run is; `unprinted` of its documents have no paper yet, and where nobody can print them, `obstacle` says why."""
    chunks = run.chunks.aggregate(all=Count("pk"), rated=Count("pk", filter=Q(status="rated")))
    documents = run.documents.count()
    deliveries = delivery_counts(run)
    told = {
        "prepared": _("%(n)s of %(all)s parts rated") % {"n": chunks["rated"], "all": chunks["all"]},
        "rated": ngettext("%(n)s document", "%(n)s documents", documents) % {"n": documents} if run.status != RunStatus.PREPARED else "",
        "released": _released(run),
        "posted": f"{day_in_words(run.posted_at)}, {run.posted_at:%H:%M}" if run.posted_at else "",
        "printed": " ".join(filter(None, (_("%(n)s of %(all)s") % {"n": documents - unprinted, "all": documents}, obstacle)))
        if run.posted_at
        else "",
        "sent": ", ".join(f"{count} {DeliveryStatus(state).label}" for state, count in deliveries.items() if count)
        or (_("nothing yet") if run.posted_at else ""),
    }
    done = _steps_done(run, unprinted, deliveries)
    steps = [
        Step(str(STEP_NAMES[name]), "done" if i < done else "now" if i == done else "to come", told[name]) for i, name in enumerate(STEPS)
    ]
    waits = run.status in (RunStatus.PREPARED, RunStatus.RELEASED) or bool(run.posted_at and unprinted and not obstacle)
    waiting = _on_their_way(deliveries)
    moves = waits or bool(waiting)
    percent: int | None = _percent(chunks["rated"], chunks["all"])
    if run.status == RunStatus.RELEASED:
        percent = None  # posted in one step: how far it is nobody sees before it is done
    elif run.posted_at and unprinted:
        percent = _percent(documents - unprinted, documents)
    elif run.posted_at:
        percent = _percent(sum(deliveries.values()) - waiting, sum(deliveries.values()))
    return RunProgress(steps, percent, moves and run.status != RunStatus.WITHDRAWN, deliveries)


def _released(run: BillingRun) -> str:
    if run.released_at is None:
        return ""
    if run.released_by:
        return _("by %(who)s") % {"who": run.released_by}
    return _("by rule: %(rule)s") % {"rule": said(run.release_rule, PHRASES)}


def _steps_done(run: BillingRun, unprinted: int, deliveries: dict[str, int]) -> int:
    if run.status in (RunStatus.PREPARED, RunStatus.WITHDRAWN):
        return 0
    if run.status == RunStatus.RATED:
        return 2
    if run.status == RunStatus.RELEASED:
        return 3
    if unprinted:
        return 4
    gone = deliveries[DeliveryStatus.SENT] + deliveries[DeliveryStatus.OPENED]
    return 6 if gone and not _on_their_way(deliveries) else 5


def _on_their_way(deliveries: dict[str, int]) -> int:
    return deliveries[DeliveryStatus.QUEUED] + deliveries[DeliveryStatus.SENDING]


def _percent(done: int, of: int) -> int:
    return 100 * done // of if of else 100


def delivery_counts(run: BillingRun) -> dict[str, int]:
    """How many deliveries of a run's documents are in which state."""
    rows = Delivery.objects.filter(document__run=run).order_by().values_list("status").annotate(count=Count("pk"))
    return dict.fromkeys(DeliveryStatus.values, 0) | dict(rows)


@dataclass(frozen=True, slots=True)
class KindTotal:
    """Documents of one kind in a run, drafts included [minor units]."""

    name: str
    count: int
    net_minor: int
    vat_minor: int
    gross_minor: int


def totals_by_kind(run: BillingRun) -> list[KindTotal]:
    """What a run's documents come to."""
    rows = (
        Document.objects.filter(run=run)
        .order_by()
        .values("kind")
        .annotate(n=Count("pk"), net=Sum("net_minor"), vat=Sum("vat_minor"), gross=Sum("gross_minor"))
    )
    found = {row["kind"]: row for row in rows}
    names = Document._meta.get_field("kind").choices or ()
    return [
        KindTotal(str(name), found[kind]["n"], found[kind]["net"], found[kind]["vat"], found[kind]["gross"])
        for kind, name in names
        if kind in found
    ]


@dataclass(frozen=True, slots=True)
class ComponentChange:
    """What the month's lines of one component were and are, for all whom a correction touches [minor units, net]."""

    name: str
    side: str
    old_wh: int
    new_wh: int
    old_minor: int
    new_minor: int

    @property
    def difference_minor(self) -> int:
        return self.new_minor - self.old_minor


@dataclass(frozen=True, slots=True)
class CheckCount:
    """How many checks of one kind a run has, how many of them are open, and how many of those keep it from being released."""

    kind: str
    name: str
    count: int
    open: int
    blocking: int


def check_kinds(run: BillingRun) -> list[CheckCount]:
    """What a run's checks found, kind by kind: what blocks first, then what is open."""
    rows = (
        run.checks.order_by()
        .values_list("kind")
        .annotate(
            count=Count("pk"),
            open=Count("pk", filter=Q(settled_at=None)),
            blocking=Count("pk", filter=Q(settled_at=None, is_blocking=True)),
        )
    )
    found = [CheckCount(kind, str(CheckKind(kind).label), *counts) for kind, *counts in rows]
    return sorted(found, key=lambda k: (not k.blocking, not k.open, CheckKind.values.index(k.kind)))


SIDES = {
    "local": gettext_lazy("members pay each other"),
    "local_delivered": gettext_lazy("members pay each other"),
    "grid": gettext_lazy("the cooperative sells grid energy"),
    "export": gettext_lazy("the cooperative buys for the grid"),
    "carried": gettext_lazy("the cooperative buys for the grid"),
}


def component_changes(run: BillingRun) -> list[ComponentChange]:
    """What a correction changes, component by component: both sides of local energy, and the cooperative as seller and buyer of the grid's."""
    if run.kind != RunKind.CORRECTION:
        return []
    rows = (
        run.documents.order_by()
        .values_list("lines__component")
        .annotate(
            old_wh=Sum("lines__quantity", filter=Q(cancels__isnull=False, lines__unit="Wh")),
            new_wh=Sum("lines__quantity", filter=Q(cancels=None, lines__unit="Wh")),
            old=Sum("lines__net_minor", filter=Q(cancels__isnull=False)),
            new=Sum("lines__net_minor", filter=Q(cancels=None)),
        )
    )
    found = {row[0]: [value or 0 for value in row[1:]] for row in rows if row[0]}
    return [
        ComponentChange(str(component.label), str(SIDES.get(component, "")), *found[component])
        for component in Component
        if component in found
    ]

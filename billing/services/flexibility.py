"""Flexibility on its way to credit documents: noted once where it was measured, taken into the draft of the site's next one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing.domain.incentives import credit_minor
from billing.models import BillingRun, Component, FlexibilityCredit, RunKind
from billing.selectors.flexibility import cause_of_device, cause_of_storage
from energy.models import Site
from grid.models import FlexibilityDay
from grid.selectors.flexibility import statements
from grid.selectors.run_results import run_statements
from kernel.money import price_from_micro

PER_KILO = 1000


@dataclass(frozen=True, slots=True)
class Flexibility:
    """What one site did and is owed for.

    Attributes:
        component: one of `billing.models.flexibility.FLEXIBILITY`.
        cause_ref: names what it is for, in the whole installation.
        window: as the document's line names it, at most 40 characters.
        quantity_wh: what is paid for, more than nothing; days where the unit says so.
        exact_micro: sum of Wh x millionths of the currency per kWh.
        baseline_wh, measured_wh: what it is the difference of, where it is one.
    """

    site: Site
    component: str
    cause_ref: str
    start_at: datetime
    end_at: datetime
    window: str
    quantity_wh: int
    exact_micro: int
    baseline_wh: int | None = None
    measured_wh: int | None = None
    unit: str = "Wh"

    @property
    def price(self) -> Decimal:
        """Per kWh or day: the agreed one, or the mean of several to six decimals."""
        exact = self.exact_micro if self.unit == "Wh" else self.exact_micro // PER_KILO
        return price_from_micro((exact + self.quantity_wh // 2) // self.quantity_wh)


def note_flexibility(*, items: Iterable[Flexibility], now: datetime) -> int:
    """Note what sites are owed; returns the sum [minor units] of all that were given, new or noted before."""
    rows = [
        FlexibilityCredit(
            site=item.site,
            component=item.component,
            cause_ref=item.cause_ref,
            start_at=item.start_at,
            end_at=item.end_at,
            window=item.window,
            baseline_wh=item.baseline_wh,
            measured_wh=item.measured_wh,
            quantity_wh=item.quantity_wh,
            unit=item.unit,
            price=item.price,
            exact_micro=item.exact_micro,
            net_minor=credit_minor(item.exact_micro),
            noted_at=now,
        )
        for item in items
    ]
    FlexibilityCredit.objects.bulk_create(rows, ignore_conflicts=True)
    refs = [row.cause_ref for row in rows]
    return sum(FlexibilityCredit.objects.filter(cause_ref__in=refs).values_list("net_minor", flat=True))


def note_storages(*, run: BillingRun, site_ids: Sequence[int]) -> int:
    """Note what the run's sites are owed for what their storages did on its days; noted anew while it stands on no document.

    Part of the caller's transaction; returns the sum [minor units].
    """
    microgrid = run.microgrid
    if not FlexibilityDay.objects.filter(storage__site__in=set(site_ids), day__in=run.days(), is_current=True).exists():
        return 0
    found = [s for s in statements(microgrid=microgrid, days=run.days()) if s.storage.site_id in set(site_ids)]
    causes = {cause_of_storage(s.storage.public_id, run.period): s for s in found}
    FlexibilityCredit.objects.filter(cause_ref__in=causes, document=None).delete()
    items = [
        Flexibility(
            s.storage.site,
            Component.BATTERY,
            cause,
            microgrid.local_day(s.first).start_at,
            microgrid.local_day(s.last).end_at,
            s.storage.code[:40],
            s.given_wh,
            s.owed_micro,
            None,
            s.given_wh,
        )
        for cause, s in causes.items()
        if s.given_wh and s.owed_micro
    ]
    return note_flexibility(items=items, now=run.prepared_at)


def note_runs(*, run: BillingRun, site_ids: Sequence[int]) -> int:
    """Note what the run's sites are owed for their devices' runs that were to be ready on its days; as `note_storages`.

    Part of the caller's transaction; returns the sum [minor units].
    """
    microgrid = run.microgrid
    found = run_statements(microgrid=microgrid, days=run.days(), site_ids=site_ids)
    causes = {cause_of_device(s.consumer.public_id, run.period): s for s in found}
    if not causes:
        return 0
    FlexibilityCredit.objects.filter(cause_ref__in=causes, document=None).delete()
    items = [
        Flexibility(
            s.consumer.site,
            Component.FLEXIBLE_RUN,
            cause,
            microgrid.local_day(s.first).start_at,
            microgrid.local_day(s.last).end_at,
            s.consumer.code[:40],
            s.moved_wh,
            s.owed_micro,
            None,
            s.drawn_wh,
        )
        for cause, s in causes.items()
        if s.moved_wh and s.owed_micro
    ]
    return note_flexibility(items=items, now=run.prepared_at)


def flexibility_to_take(*, run: BillingRun, site_ids: Sequence[int]) -> dict[int, list[FlexibilityCredit]]:
    """What a run puts on credit documents, by site: what waits. A correction takes nothing new, what stood on a document goes on to the next."""
    if run.kind == RunKind.CORRECTION:
        return {}
    if run.kind == RunKind.FINAL and run.is_whole:
        note_storages(run=run, site_ids=site_ids)
        note_runs(run=run, site_ids=site_ids)
    return waiting_flexibility(run=run, site_ids=site_ids)


def waiting_flexibility(*, run: BillingRun, site_ids: Sequence[int]) -> dict[int, list[FlexibilityCredit]]:
    """By site, what was delivered up to the run's last day and stands on no document yet; locked, part of the caller's transaction."""
    until = run.microgrid.local_day(run.last_day).end_at
    rows = FlexibilityCredit.objects.select_for_update().filter(site__in=set(site_ids), document=None, end_at__lte=until)
    found: dict[int, list[FlexibilityCredit]] = {}
    for row in rows.order_by("start_at", "cause_ref"):
        found.setdefault(row.site_id, []).append(row)
    return found


def place_on_documents(placed: Mapping[int, Sequence[tuple[FlexibilityCredit, int]]]) -> None:
    """Note on which document, and as which of its lines, each stands; a draft that is thrown away frees them again."""
    rows = []
    for document_id, credits in placed.items():
        for row, position in credits:
            row.document_id, row.position = document_id, position
            rows.append(row)
    FlexibilityCredit.objects.bulk_update(rows, ["document", "position"], batch_size=500)

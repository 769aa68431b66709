"""The figures by which a run's drafts are checked, read for all its sites at once."""

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Max, Min, QuerySet, Sum

from billing.domain.run_checks import SiteFigures
from billing.models import BilledReadings, BillingRun, Document, DocumentLine, TariffAssignment
from billing.models.documents import DRAWN
from billing.selectors.counted_beside import asks_reactive
from billing.selectors.tariffs import assignments_by_site, terms_by_day
from energy.domain.quality import METHOD_MASK, Method
from energy.models import Channel, Meter, Site
from energy.models.meters import MeterKind
from energy.selectors.meter_days import ChannelBlock, load_channel
from members.models import Member

MONTHS_BEFORE = 3
SITES_AT_ONCE = 500


def site_figures(run: BillingRun) -> list[SiteFigures]:
    """One for each site that the run drafts a bill or a credit for, by code."""
    drafts = run.documents.filter(cancels=None)
    sites = list(Site.objects.filter(pk__in=drafts.values("site")).order_by("code"))
    ids, days = [site.pk for site in sites], run.days()
    gross = dict(drafts.filter(kind="bill").values_list("site").annotate(sum=Sum("gross_minor")))
    drawn = _drawn(Document.objects.filter(run=run, kind="bill"))
    history = _history(run, ids)
    earlier = _earlier(run, ids)
    tariffs = _new_tariffs(run, ids)
    billed: dict[int, set[int]] = defaultdict(set)
    for site_id, member_id in drafts.values_list("site", "member"):
        billed[site_id].add(member_id)
    reached = _reached(drafts)
    quality, missing, reactive_missing = _quality(run, ids), _missing_days(run, ids), _reactive_missing(run)
    return [
        SiteFigures(
            site.pk,
            gross.get(site.pk),
            drawn.get(site.pk, 0),
            len(days),
            history[site.pk].get(run.period - 100),
            tuple(history[site.pk][period] for period in _months_before(run) if period in history[site.pk]),
            max((earlier[site.pk, who] for who in billed[site.pk] if (site.pk, who) in earlier), default=None),
            any((site.pk, who) not in earlier for who in billed[site.pk]),
            *quality.get(site.pk, (0, 0)),
            missing.get(site.pk, 0),
            reactive_missing.get(site.pk, 0),
            tariffs.get(site.pk, ""),
            all(reached[who][0] for who in billed[site.pk]),
            all(reached[who][1] for who in billed[site.pk]),
        )
        for site in sites
    ]


def _reached(drafts: QuerySet[Document]) -> dict[int, tuple[bool, bool]]:
    """By member, whether there is an address for letters, and one for e-mails; the cooperative needs none."""
    members = Member.objects.filter(pk__in=drafts.values("member"))
    return {m.pk: (bool(m.street and m.city) or m.is_cooperative, bool(m.email) or m.is_cooperative) for m in members}


def _drawn(bills: QuerySet[Document]) -> dict[int, int]:
    lines = DocumentLine.objects.filter(document__in=bills, component__in=DRAWN)
    return dict(lines.values_list("document__site").annotate(sum=Sum("quantity")))


def _months_before(run: BillingRun) -> list[int]:
    """The periods before a run's, newest first."""
    year, month = divmod(run.period, 100)
    counted = [year * 12 + month - 1 - back for back in range(1, MONTHS_BEFORE + 1)]
    return [months // 12 * 100 + months % 12 + 1 for months in counted]


def _history(run: BillingRun, site_ids: Sequence[int]) -> dict[int, dict[int, float]]:
    """By site and period, what was drawn a day [Wh]."""
    bills = Document.objects.standing().filter(site__in=site_ids, kind="bill", period__in=[run.period - 100, *_months_before(run)])
    days: dict[int, int] = {}
    for period, first, last in bills.values_list("period").annotate(first=Min("run__first_day"), last=Max("run__last_day")):
        days[period] = (last - first).days + 1
    found: dict[int, dict[int, float]] = defaultdict(dict)
    lines = DocumentLine.objects.filter(document__in=bills, component__in=DRAWN)
    for site_id, period, drawn in lines.values_list("document__site", "document__period").annotate(sum=Sum("quantity")):
        found[site_id][period] = drawn / days[period]
    return found


def _earlier(run: BillingRun, site_ids: Sequence[int]) -> dict[tuple[int, int], int]:
    """By site and member, the highest earlier bill; a member with credits only has 0. A correction's is compared with what it takes back."""
    rows = (
        Document.objects.standing()
        .filter(site__in=site_ids, period__lte=run.period)
        .exclude(run=run)
        .values_list("site", "member")
        .annotate(highest=Max("gross_minor"))
    )
    return {(site, member): highest for site, member, highest in rows}


def _new_tariffs(run: BillingRun, site_ids: Sequence[int]) -> dict[int, str]:
    """Sites whose tariff is another one from a day of the run on."""
    began = TariffAssignment.objects.filter(site__in=site_ids, valid_from__gte=run.first_day, valid_from__lte=run.last_day).select_related(
        "tariff"
    )
    had = set(TariffAssignment.objects.filter(site__in=site_ids, valid_from__lt=run.first_day).values_list("site", flat=True))
    return {row.site_id: f"{row.tariff} from {row.valid_from} on." for row in began if row.site_id in had}


def _meters(site_ids: Sequence[int]) -> dict[int, int]:
    rows = Meter.objects.filter(site__in=site_ids, kind=MeterKind.SITE, removed_at__isnull=True)
    return {pk: site for pk, site in rows.values_list("pk", "site_id") if site is not None}


def _quality(run: BillingRun, site_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """By site, how many intervals of what it drew there are, and how many of them were not measured; with reactive energy, where billed."""
    found: dict[int, tuple[int, int]] = {}
    for start in range(0, len(site_ids), SITES_AT_ONCE):
        site_of = _meters(site_ids[start : start + SITES_AT_ONCE])
        block = load_channel(microgrid=run.microgrid, channel=Channel.IMPORT, days=run.days(), meter_ids=sorted(site_of))
        estimated = ((block.quality & METHOD_MASK) != Method.MEASURED).sum(axis=1)
        for meter_id, count in zip(block.meter_ids.tolist(), estimated.tolist(), strict=True):
            found[site_of[meter_id]] = (block.quality.shape[1], count)
    site_of, block = _reactive(run)
    for row, meter_id in enumerate(block.meter_ids.tolist()):
        intervals, estimated_before = found.get(site_of[meter_id], (0, 0))
        methods = block.quality[row] & METHOD_MASK
        found[site_of[meter_id]] = (intervals + len(methods), estimated_before + int((methods != Method.MEASURED).sum()))
    return found


def _reactive(run: BillingRun) -> tuple[dict[int, int], ChannelBlock]:
    """The reactive energy that a run billed, and the sites of its meters."""
    kept = BilledReadings.objects.filter(run=run, channel=Channel.REACTIVE).values("meter_id")
    site_of = dict(Meter.objects.filter(pk__in=kept).values_list("pk", "site_id"))
    block = load_channel(microgrid=run.microgrid, channel=Channel.REACTIVE, days=run.days(), meter_ids=sorted(site_of))
    return site_of, block


def _reactive_missing(run: BillingRun) -> dict[int, int]:
    """By site, on how many days its tariff charges reactive energy of which nothing was read: no row, or what others are like throughout."""
    site_of, block = _reactive(run)
    if not site_of:
        return {}
    found: dict[int, int] = {}
    assigned = assignments_by_site(sorted(site_of.values()), run.first_day, run.last_day)
    for row, meter_id in enumerate(block.meter_ids.tolist()):
        methods = block.quality[row] & METHOD_MASK
        for rows in assigned[site_of[meter_id]]:
            days = [day for day in block.days if rows.valid_from <= day and (rows.valid_to is None or day < rows.valid_to)]
            terms = terms_by_day(rows.tariff, days) if days else {}
            for day in days:
                place = block.days.index(day)
                of_day = methods[block.offsets[place] : block.offsets[place + 1]]
                nothing = not block.present[row, place] or bool((of_day == Method.PROFILE).all())
                if nothing and asks_reactive(terms[day].priced()):
                    found[site_of[meter_id]] = found.get(site_of[meter_id], 0) + 1
    return found


def _missing_days(run: BillingRun, site_ids: Sequence[int]) -> dict[int, int]:
    """By site, on how many days of the run its meter was there and has no readings at all."""
    site_of = _meters(site_ids)
    meters = Meter.objects.in_bulk(list(site_of))
    there = {pk: [meter.counts_on(run.microgrid.local_day(day)) for day in run.days()] for pk, meter in meters.items()}
    kept = dict(BilledReadings.objects.filter(run=run, channel=Channel.IMPORT, meter_id__in=site_of).values_list("meter_id", "versions"))
    unread = [0] * len(run.days())
    missing = {
        site: sum(is_there and version == 0 for is_there, version in zip(there[meter], kept.get(meter, unread), strict=True))
        for meter, site in site_of.items()
    }
    return {site: count for site, count in missing.items() if count}

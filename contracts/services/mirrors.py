"""Mirrors of what happened, in the words of the four contracts; nothing that names a person."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from billing.models import Allocation, BillingRun, Document, DocumentKind, DocumentStatus, TariffVersion
from billing.services.differences import taken_back_by
from contracts.adapters.signing import address_of, private_key
from contracts.domain.chain import Chain
from contracts.domain.commitments import number_of_day, unhexed
from contracts.domain.merkle import keccak
from contracts.models import PaymentQuote, WalletLink
from contracts.selectors.sent import named_words, settled_elsewhere
from contracts.services.outbox import enqueue
from contracts.services.quotes import paid_on_chain, quote_bills, terms_of
from contracts.services.stored_energy import Stores
from energy.models import Channel, Consumer, Meter, Microgrid, SiteOwnership, Source, StorageUnit
from energy.models.meters import MeterKind
from energy.selectors.expected_use import expected_import
from energy.selectors.meter_days import load_channel
from energy.selectors.source_performance import efficiencies_of
from grid.models import BalanceDay
from kernel.intervals import Month
from kernel.money import price_micro

BATCH = 40
INDIVIDUAL, GROUP = 0, 1
WHOLE_BP = 10_000


def _parts(rows: Sequence[Any]) -> list[Sequence[Any]]:
    return [rows[i : i + BATCH] for i in range(0, len(rows), BATCH)]


def owners(members: Sequence[int]) -> dict[int, str]:
    """The account that stands for each member: a linked wallet, else the cooperative's."""
    own = address_of(private_key())
    linked = dict(WalletLink.objects.filter(member__in=members).values_list("member_id", "address"))
    return {member: linked.get(member, own) for member in members}


def _multicall(chain: Chain, key: str, contract: str, function: str, calls: Sequence[Sequence[Any]], now: datetime) -> None:
    """Many calls of one function in few transactions."""
    for index, part in enumerate(_parts(calls)):
        encoded = [chain.encode(contract, function, arguments) for arguments in part]
        enqueue(chain=chain, key=f"{key}:{index}", contract=contract, function="multicall", arguments=[encoded], now=now)


def _register(chain: Chain, key: str, contract: str, function: str, calls: Sequence[Sequence[Any]], now: datetime) -> None:
    """Register what no registration in the outbox names yet: ids are random words, and the outbox is the record."""
    count, named = named_words(f"{key}:")
    fresh = [call for call in calls if call[0] not in named]
    for index, part in enumerate(_parts(fresh), start=count):
        encoded = [chain.encode(contract, function, arguments) for arguments in part]
        enqueue(chain=chain, key=f"{key}:{index}", contract=contract, function="multicall", arguments=[encoded], now=now)


def consenting_sites(microgrid: Microgrid) -> list[Meter]:
    """Meters of sites whose members publish their own totals."""
    return list(
        Meter.objects.filter(microgrid=microgrid, kind=MeterKind.SITE, site__member__publishes_usage=True)
        .select_related("site__member")
        .order_by("pk")
    )


def consenting_along(microgrid: Microgrid, days: Sequence[date]) -> list[Meter]:
    """Meters of sites that on all the days were one member's who publishes own totals; a month of two members is nobody's own."""
    return list(
        Meter.objects.filter(Exists(consents_along(OuterRef("site"), days)), microgrid=microgrid, kind=MeterKind.SITE).order_by("pk")
    )


def consents_along(site: Any, days: Sequence[date]) -> QuerySet[SiteOwnership]:
    """Ownerships of a site over all the days by members who publish their own totals."""
    return SiteOwnership.objects.filter(
        Q(valid_from__isnull=True) | Q(valid_from__lte=min(days)),
        Q(valid_to__isnull=True) | Q(valid_to__gt=max(days)),
        site=site,
        member__publishes_usage=True,
    )


def mirror_registrations(*, chain: Chain, microgrid: Microgrid, now: datetime) -> None:
    """Register sources, storages, consenting consumers, and the group of all others."""
    head = f"{chain.chain_id()}:{microgrid.chain_ref}"
    sources = list(Source.objects.filter(site__microgrid=microgrid).select_related("site").order_by("pk"))
    accounts = owners([s.site.member_id for s in sources])
    _register(
        chain,
        f"sources:{head}",
        "EnergyProduction",
        "registerSourceFor",
        [(unhexed(s.chain_ref), accounts[s.site.member_id], s.kind, s.capacity_w) for s in sources],
        now,
    )
    meters = consenting_sites(microgrid)
    demand = dict(Consumer.objects.filter(site__microgrid=microgrid).values_list("site").annotate(total=Sum("max_demand_w")))
    accounts = owners([m.site.member_id for m in meters])
    consumers: list[tuple[Any, ...]] = [
        (unhexed(m.chain_ref), accounts[m.site.member_id], m.site.kind, demand.get(m.site_id, 0)) for m in meters
    ]
    consumers.append((unhexed(microgrid.chain_ref), address_of(private_key()), "group", sum(demand.values())))
    _register(chain, f"consumers:{head}", "EnergyConsumption", "registerConsumerFor", consumers, now)
    storages = list(StorageUnit.objects.filter(site__microgrid=microgrid).order_by("pk"))
    _register(
        chain,
        f"storages:{head}",
        "GridBalancing",
        "registerStorage",
        [(unhexed(s.chain_ref), s.capacity_wh, s.capacity_wh // 2) for s in storages],
        now,
    )
    versions = TariffVersion.objects.filter(
        tariff__cooperative=microgrid.cooperative_id, tariff__is_reference=True, status="published"
    ).prefetch_related("windows")
    for version in versions:
        highest = max((w.multiplier for w in version.windows.all()), default=Decimal(1))
        start = datetime.combine(version.valid_from, datetime.min.time(), tzinfo=UTC)
        enqueue(
            chain=chain,
            key=f"rate:{chain.chain_id()}:{version.public_id}",
            contract="Billing",
            function="setRate",
            arguments=[
                keccak(version.public_id.bytes),
                price_micro(version.energy_per_kwh),
                int(highest * WHOLE_BP),
                price_micro(version.incentive_per_kwh),
                int(start.timestamp()),
            ],
            now=now,
        )


def mirror_grid_days(*, chain: Chain, microgrid: Microgrid, days: Sequence[date], now: datetime) -> None:
    """Each day's supply, demand and stored energy; what is stored follows from the first balance on, at half full."""
    known = BalanceDay.objects.filter(microgrid=microgrid, day__lte=max(days), is_current=True).order_by("day")
    stores, calls = Stores.of(microgrid), []
    for row, before in stores.course(known):
        if row.day in days:
            supply = sum(row.production_wh) + sum(row.discharge_wh)
            demand = sum(row.consumption_wh) + sum(row.charge_wh)
            stored = round(stores.after(before, row))
            calls.append((int(microgrid.local_day(row.day).end_at.timestamp()), supply, demand, stored))
    if calls:
        key = f"states:{chain.chain_id()}:{microgrid.chain_ref}:{number_of_day(days[0])}-{number_of_day(days[-1])}"
        _multicall(chain, key, "GridBalancing", "recordGridState", calls, now)


def mirror_month(*, chain: Chain, run: BillingRun, now: datetime) -> None:
    """Monthly production of each source; monthly use of consenting sites, of all others as one group."""
    microgrid, days = run.microgrid, run.days()
    batch = unhexed(run.chain_ref)
    block = load_channel(microgrid=microgrid, channel=Channel.PRODUCTION, days=days)
    sources = {m.pk: m.source for m in Meter.objects.filter(pk__in=block.meter_ids.tolist()).select_related("source")}
    efficiency = efficiencies_of(microgrid=microgrid, days=days)
    rows = []
    for meter_id, amount in zip(block.meter_ids.tolist(), block.values_wh.sum(axis=1).tolist(), strict=True):
        source = sources[meter_id]
        if source is not None:
            share = efficiency.get(source.pk, 0.0)
            rows.append((unhexed(source.chain_ref), amount, min(round(share * WHOLE_BP), WHOLE_BP)))
    for index, part in enumerate(_parts(rows)):
        ids, amounts, efficiencies = zip(*part, strict=True)
        enqueue(
            chain=chain,
            key=f"production:{chain.chain_id()}:{run.chain_ref}:{index}",
            contract="EnergyProduction",
            function="recordProductionBatch",
            arguments=[ids, run.period, amounts, efficiencies, batch],
            now=now,
        )
    _mirror_usage(chain, run, days, now)


def _mirror_usage(chain: Chain, run: BillingRun, days: Sequence[date], now: datetime) -> None:
    microgrid = run.microgrid
    block = load_channel(microgrid=microgrid, channel=Channel.IMPORT, days=days)
    per_hour = 60 / microgrid.interval_minutes
    totals = dict(zip(block.meter_ids.tolist(), block.values_wh.sum(axis=1).tolist(), strict=True))
    peaks = dict(zip(block.meter_ids.tolist(), (block.values_wh.max(axis=1) * per_hour).tolist(), strict=True))
    own = consenting_along(microgrid, days)
    rest = np.array([m not in {o.pk for o in own} for m in block.meter_ids.tolist()], dtype=bool)
    rows = [(unhexed(m.chain_ref), totals[m.pk], round(peaks[m.pk]), INDIVIDUAL) for m in own if m.pk in totals]
    others = block.values_wh[rest].sum(axis=0)
    rows.append((unhexed(microgrid.chain_ref), int(others.sum()), round(int(others.max(initial=0)) * per_hour), GROUP))
    for index, part in enumerate(_parts(rows)):
        ids, amounts, demands, kinds = zip(*part, strict=True)
        enqueue(
            chain=chain,
            key=f"usage:{chain.chain_id()}:{run.chain_ref}:{index}",
            contract="EnergyConsumption",
            function="recordUsageBatch",
            arguments=[ids, run.period, amounts, demands, kinds],
            now=now,
        )


def mirror_forecasts(*, chain: Chain, run: BillingRun, now: datetime) -> None:
    """Post what the month after a run will bring: each consenting site's own figure, all others as one group.

    A month's total tells of a home no more than the monthly mirror does that its member agreed to; a day's would.
    """
    microgrid = run.microgrid
    month = Month.parse(str(run.period)).next
    expected = expected_import(microgrid=microgrid, month=month)
    # What is expected follows from what was: only of who has the site as before.
    kept = {m.pk for m in consenting_along(microgrid, run.days())}
    own = [m for m in consenting_sites(microgrid) if m.pk in expected and m.pk in kept]
    others = sum(expected.values()) - sum(expected[m.pk] for m in own)
    # In force once posted, by the chain's own clock: a development chain's is not that of the village.
    valid_from = min(int(microgrid.local_day(month.first_day).start_at.timestamp()), chain.block_time())
    calls = [(unhexed(m.chain_ref), expected[m.pk], valid_from) for m in own]
    calls.append((unhexed(microgrid.chain_ref), others, valid_from))
    key = f"forecasts:{chain.chain_id()}:{run.chain_ref}"
    _multicall(chain, key, "EnergyConsumption", "setForecast", calls, now)


def mirror_bills(*, chain: Chain, run: BillingRun, now: datetime) -> None:
    """Post a run's bills with a quote each; bills of members who do not publish stand under the group's id."""
    microgrid = run.microgrid
    chain_ref_of = {m.site_id: m.chain_ref for m in consenting_sites(microgrid)}
    bills = list(Document.objects.filter(run=run, kind=DocumentKind.BILL).exclude(status=DocumentStatus.DRAFT).order_by("label"))
    quote_bills(chain=chain, bills=bills)
    quotes = {q.document_id: q for q in PaymentQuote.objects.filter(document__in=bills)}
    incentives = dict(
        Document.objects.filter(run=run, lines__component="incentive").values_list("pk").annotate(sum=Sum("lines__net_minor"))
    )
    postings = [
        (
            unhexed(bill.chain_ref),
            unhexed(chain_ref_of.get(bill.site_id, microgrid.chain_ref)),
            run.period,
            max(bill.gross_minor, 0),
            -incentives.get(bill.pk, 0),
            terms_of(quotes[bill.pk]),
        )
        for bill in bills
    ]
    for index, part in enumerate(_parts(postings)):
        enqueue(
            chain=chain,
            key=f"bills:{chain.chain_id()}:{run.chain_ref}:{index}",
            contract="Billing",
            function="postBills",
            arguments=[list(part)],
            now=now,
        )


def mirror_cancellations(*, chain: Chain, run: BillingRun, now: datetime) -> None:
    """Cancel on the chain the bills that a run takes back; those that were paid in full stay settled there, as they were."""
    reversals = Document.objects.filter(run=run, kind=DocumentKind.BILL_REVERSAL).select_related("cancels")
    for reversal in reversals.order_by("number"):
        old = reversal.cancels
        assert old is not None
        moved = Allocation.objects.filter(document=old, why=taken_back_by(reversal))
        paid_minor = -sum(moved.values_list("amount_minor", flat=True))
        if 0 < old.gross_minor <= paid_minor:
            continue
        enqueue(
            chain=chain,
            key=f"cancelled:{chain.chain_id()}:{old.chain_ref}",
            contract="Billing",
            function="cancelBill",
            arguments=[unhexed(old.chain_ref)],
            now=now,
        )


def mirror_settlements(*, chain: Chain, run: BillingRun, now: datetime) -> None:
    """Note on the chain which bills were paid by any other way; those noted already are left out."""
    head = settled_elsewhere(chain.chain_id(), run.chain_ref)
    count, named = named_words(head)
    paid = Document.objects.filter(run=run, kind=DocumentKind.BILL, status=DocumentStatus.SETTLED, gross_minor__gt=0)
    elsewhere = paid.exclude(pk__in=paid_on_chain(run)).order_by("number")
    refs = [unhexed(ref) for ref in elsewhere.values_list("chain_ref", flat=True)]
    fresh = [ref for ref in refs if ref not in named]
    for index, part in enumerate(_parts(fresh), start=count):
        enqueue(chain=chain, key=f"{head}part{index}", contract="Billing", function="settleOffChain", arguments=[part], now=now)


def mirror_revenue(*, chain: Chain, run: BillingRun, now: datetime) -> None:
    """Post by which weights the producers share what comes in as wei."""
    credits = Document.objects.filter(run=run, kind=DocumentKind.CREDIT, gross_minor__gt=0)
    accounts = owners(list(credits.values_list("member_id", flat=True)))
    weights: dict[str, int] = {}
    for member, gross in credits.values_list("member_id", "gross_minor"):
        weights[accounts[member]] = weights.get(accounts[member], 0) + gross
    if weights:
        payees = sorted(weights)
        enqueue(
            chain=chain,
            key=f"revenue:{chain.chain_id()}:{run.chain_ref}",
            contract="Billing",
            function="postRevenue",
            arguments=[unhexed(run.chain_ref), payees, [weights[p] for p in payees]],
            now=now,
        )

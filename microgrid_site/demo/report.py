"""What one pass came to: counted from what is stored, nothing carried over from the stages."""

from datetime import date
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Sum

from billing.models import BillingRun
from billing.selectors.run_summary import summarise
from contracts.models import Anchor, AnchorKind, ChainPayment, ChainTransaction, TransactionStatus
from contracts.services.proofs import ProofReport
from energy.models import Meter, Microgrid, RefusalCount, Source, StorageUnit
from grid.models import BalanceDay, CommandStatus, DayClosing, DemandEvent, DeviceCommand, FlexibleRun, SharingDay
from grid.selectors.sharing import load_shares

FLOWS = ("production_wh", "consumption_wh", "charge_wh", "discharge_wh", "import_wh", "export_wh")


def telemetry_counts(microgrid: Microgrid, days: list[date]) -> dict[str, int]:
    """Messages of meter days that were accepted, and refusals counted."""
    counters = [int(microgrid.local_day(day).end_at.timestamp()) * 1000 for day in days]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM energy_telemetrymessage WHERE microgrid_id = %s AND counter = ANY(%s)", [microgrid.pk, counters]
        )
        [accepted] = cursor.fetchone()
    refused = RefusalCount.objects.filter(device__microgrid=microgrid).aggregate(sum=Sum("count"))["sum"] or 0
    return {"messages": accepted + refused, "accepted": accepted, "refused": refused}


def energy_sums(microgrid: Microgrid, days: list[date]) -> dict[str, int]:
    """Sums of the stored balance and of what was shared; the residual adds every interval's fault, whatever its sign."""
    balances = list(BalanceDay.objects.filter(microgrid=microgrid, day__in=days, is_current=True))
    shared = list(SharingDay.objects.filter(microgrid=microgrid, day__in=days, is_current=True))
    sums = {name: sum(sum(getattr(row, name)) for row in balances) for name in FLOWS}
    sums["shared_wh"] = sum(sum(row.shared_wh) for row in shared)
    sums["residual_wh"] = sum(_fault(row) for row in balances) + _unshared(microgrid, days, shared)
    return sums


def _fault(row: BalanceDay) -> int:
    columns = {name: np.array(getattr(row, name)) for name in (*FLOWS, "losses_wh")}
    given = columns["import_wh"] + columns["production_wh"] + columns["discharge_wh"]
    taken = columns["consumption_wh"] + columns["charge_wh"] + columns["export_wh"] + columns["losses_wh"]
    return int(np.abs(given - taken).sum())


def _unshared(microgrid: Microgrid, days: list[date], shared: list[SharingDay]) -> int:
    """Wh by which what sites received or delivered differs from what was shared."""
    sites = microgrid.sites.values_list("pk", flat=True)
    shares = load_shares(microgrid=microgrid, days=days, site_ids=list(sites))
    total = sum(sum(row.shared_wh) for row in shared)
    return abs(int(shares.received_wh.sum()) - total) + abs(int(shares.delivered_wh.sum()) - total)


def chain_counts(microgrid: Microgrid, run: BillingRun, days: list[date]) -> dict[str, int]:
    """Transactions of the outbox, anchors confirmed for these days and this run, payments booked from the chain."""
    periods = [day.year * 10_000 + day.month * 100 + day.day for day in days]
    confirmed = Anchor.objects.filter(transaction__status=TransactionStatus.CONFIRMED, microgrid=microgrid)
    return {
        "transactions": ChainTransaction.objects.count(),
        "confirmed": ChainTransaction.objects.filter(status=TransactionStatus.CONFIRMED).count(),
        "anchors": confirmed.filter(kind=AnchorKind.DAY, period__in=periods).count() + confirmed.filter(run=run).count(),
        "payments": ChainPayment.objects.filter(document__run=run, payment__isnull=False).count(),
    }


def steering_counts(microgrid: Microgrid) -> dict[str, int]:
    """Storages that took commands, runs of members' devices, events that were called."""
    told = DeviceCommand.objects.filter(microgrid=microgrid, storage__isnull=False, status=CommandStatus.ACKNOWLEDGED)
    return {
        "storages_told": told.order_by().values("storage").distinct().count(),
        "runs": FlexibleRun.objects.filter(microgrid=microgrid).count(),
        "events": DemandEvent.objects.filter(programme__microgrid=microgrid).count(),
    }


def build_report(
    *,
    microgrid: Microgrid,
    days: list[date],
    run: BillingRun,
    proofs: ProofReport,
    findings: list[str],
    seconds: dict[str, float],
    unchanged: bool,
) -> dict[str, Any]:
    """The JSON object of one pass."""
    return {
        "microgrid": microgrid.slug,
        "month": f"{run.period // 100:04d}-{run.period % 100:02d}",
        "meters": Meter.objects.filter(microgrid=microgrid).count(),
        "sources": Source.objects.filter(site__microgrid=microgrid).count(),
        "storages": StorageUnit.objects.filter(site__microgrid=microgrid).count(),
        "days": len(days),
        "intervals": sum(microgrid.local_day(day).interval_count for day in days),
        "estimated_values": DayClosing.objects.filter(microgrid=microgrid, day__in=days).aggregate(sum=Sum("estimated_values"))["sum"] or 0,
        "telemetry": telemetry_counts(microgrid, days),
        "energy": energy_sums(microgrid, days),
        "billing": summarise(run).as_dict() | {"payments_bank": run.documents.filter(payments__rail="bank").distinct().count()},
        "chain": chain_counts(microgrid, run, days),
        "steering": steering_counts(microgrid),
        "proofs": {"checked": proofs.checked, "failed": proofs.failed},
        "findings": findings[:50],
        "stages": seconds,
        "unchanged": unchanged,
    }

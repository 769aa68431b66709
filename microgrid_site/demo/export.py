"""An auditor's files: everything with which a month can be recomputed without us."""

import csv
import gzip
import json
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from billing.domain.incentive_rules import LowIncome, PerDay
from billing.models import BillingRun, Document, DocumentLine, IncentiveEntitlement, IncentiveVersion, LedgerEntry, Tariff
from contracts.models import Anchor, AnchorKind
from energy.models import Channel, Meter, Microgrid, Site
from energy.models.meters import MeterKind
from energy.selectors.meter_days import load_channel
from grid.selectors.prices import load_prices
from grid.selectors.sharing import load_shares
from kernel.money import price_from_micro
from members.models import Member

WEEK = {"every_day": ["weekday", "weekend"], "weekdays": ["weekday"], "weekends": ["weekend"]}


def export_month(microgrid: Microgrid, days: Sequence[date], run: BillingRun, folder: Path) -> None:
    """Write the files of one settled month to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    starts = [start.isoformat() for day in days for start in microgrid.local_day(day).local_starts()]
    _intervals(microgrid, days, starts, folder / "intervals.csv.gz")
    _prices(microgrid, days, starts, folder / "prices.csv.gz")
    (folder / "tariff.json").write_text(json.dumps(_tariff(microgrid), indent=1, ensure_ascii=False))
    _table(folder / "bill_lines.csv", _LINES, _bill_lines(run))
    _table(folder / "documents.csv", _DOCUMENTS, _documents(run))
    _table(folder / "ledger.csv", ("transaction", "account", "debit_minor", "credit_minor"), _ledger(microgrid))
    _table(
        folder / "anchors.csv", ("kind", "day", "revision", "leaves", "root", "transaction_hash", "block"), _anchors(microgrid, days, run)
    )


def _table(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _intervals(microgrid: Microgrid, days: Sequence[date], starts: list[str], path: Path) -> None:
    """Metered Wh and shares of each site and interval."""
    meters = {
        m.pk: m for m in Meter.objects.filter(microgrid=microgrid, kind=MeterKind.SITE, removed_at__isnull=True).select_related("site")
    }
    imports = load_channel(microgrid=microgrid, channel=Channel.IMPORT, days=days, meter_ids=sorted(meters))
    exports = load_channel(microgrid=microgrid, channel=Channel.EXPORT, days=days, meter_ids=sorted(meters))
    shares = load_shares(microgrid=microgrid, days=days, site_ids=[m.site_id for m in meters.values()])
    row_of = {int(site): row for row, site in enumerate(shares.site_ids)}
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=3, newline="") as file:
        file.write("site,start,import_wh,export_wh,received_wh,delivered_wh,not_local_wh,carried_wh\n")
        for row, meter_id in enumerate(imports.meter_ids.tolist()):
            site = meters[meter_id].site
            share = row_of[site.pk]
            columns = np.stack(
                [
                    imports.values_wh[row],
                    exports.values_wh[row],
                    shares.received_wh[share],
                    shares.delivered_wh[share],
                    shares.not_local_wh[share],
                    shares.carried_wh[share],
                ]
            )
            code = _quoted(site.code)
            file.writelines(
                f"{code},{start},{','.join(map(str, values))}\n" for start, values in zip(starts, columns.T.tolist(), strict=True)
            )


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n') else text


def _prices(microgrid: Microgrid, days: Sequence[date], starts: list[str], path: Path) -> None:
    prices = load_prices(microgrid_id=microgrid.pk, days=days)
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        file.write("start,window,retail,feed_in,local\n")
        for i, start in enumerate(starts):
            values = (prices.retail_micro[i], prices.feed_in_micro[i], prices.local_micro[i])
            shown = ",".join(f"{price_from_micro(int(value)):.6f}" for value in values)
            file.write(f"{start},{prices.window_names[int(prices.windows[i])]},{shown}\n")


def _tariff(microgrid: Microgrid) -> dict[str, Any]:
    cooperative = microgrid.cooperative
    tariff = Tariff.objects.get(cooperative=cooperative, is_reference=True)
    versions = tariff.versions.filter(status="published").order_by("valid_from").prefetch_related("windows")
    return {
        "tariff": tariff.name,
        "currency": cooperative.currency,
        "minor_per_unit": 100,
        "time_zone": microgrid.time_zone,
        "interval_minutes": microgrid.interval_minutes,
        "sharing_key": rule.key if (rule := microgrid.sharing_rules.first()) else "dynamic",
        "local_price": "mid_market",
        "cooperative_member": Member.objects.get(cooperative=cooperative, is_cooperative=True).number,
        "vat_rate_cooperative": "0",
        "vat_rate_credits": "0",
        "supports": _supports(microgrid),
        "versions": [
            {
                "number": v.number,
                "valid_from": v.valid_from.isoformat(),
                "valid_to": v.valid_to.isoformat() if v.valid_to else None,
                "standing_per_day": _plain(v.standing_per_day),
                "energy_per_kwh": _plain(v.energy_per_kwh),
                "export_per_kwh": _plain(v.export_per_kwh),
                "incentive_per_kwh": _plain(v.incentive_per_kwh),
                "vat_rate": _plain(v.vat_rate),
                "parts": v.parts,
                "windows": [
                    {
                        "name": w.name,
                        "days": WEEK[w.days],
                        "start_minute": w.start_minute,
                        "end_minute": w.end_minute,
                        "multiplier": _plain(w.multiplier),
                    }
                    for w in v.windows.all()
                ],
            }
            for v in versions
        ],
    }


def _supports(microgrid: Microgrid) -> list[dict[str, Any]]:
    """What entitled households get a day beside their tariff, by the rules that are approved."""
    rows = IncentiveVersion.objects.filter(programme__microgrid=microgrid, status="approved")
    entitled = IncentiveEntitlement.objects.filter(member__cooperative=microgrid.cooperative_id, valid_to=None)
    sites = Site.objects.filter(microgrid=microgrid, member__in=entitled.values("member")).order_by("code")
    return [
        {"name": version.programme.name, "per_day": _plain(version.parsed.reward.amount), "sites": [site.code for site in sites]}
        for version in rows.select_related("programme")
        if isinstance(version.parsed, LowIncome) and isinstance(version.parsed.reward, PerDay)
    ]


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


_LINES = ("document", "kind", "member", "site", "component", "window", "quantity", "unit", "price", "net_minor")
_DOCUMENTS = ("document", "number", "kind", "member", "net_minor", "vat_minor", "gross_minor")


def _bill_lines(run: BillingRun) -> Iterable[Sequence[Any]]:
    return (
        DocumentLine.objects.filter(document__run=run)
        .order_by("document__label", "position")
        .values_list(
            "document__public_id",
            "document__kind",
            "document__member__number",
            "document__site__code",
            "component",
            "window",
            "quantity",
            "unit",
            "price",
            "net_minor",
        )
    )


def _documents(run: BillingRun) -> Iterable[Sequence[Any]]:
    return (
        Document.objects.filter(run=run)
        .order_by("label")
        .values_list("public_id", "label", "kind", "member__number", "net_minor", "vat_minor", "gross_minor")
    )


def _ledger(microgrid: Microgrid) -> Iterable[Sequence[Any]]:
    rows = LedgerEntry.objects.filter(account__cooperative=microgrid.cooperative_id).order_by("pk")
    for key, code, number, debit, credit in rows.values_list(
        "transaction__idempotency_key", "account__code", "account__member__number", "debit_minor", "credit_minor"
    ):
        yield key, f"{code}:{number}" if number is not None else code, debit, credit


def _anchors(microgrid: Microgrid, days: Sequence[date], run: BillingRun) -> Iterable[Sequence[Any]]:
    periods = {day.year * 10_000 + day.month * 100 + day.day: day for day in days}
    anchors = Anchor.objects.filter(microgrid=microgrid).select_related("transaction").order_by("kind", "period", "revision")
    for anchor in anchors:
        if anchor.kind == AnchorKind.DAY and anchor.period not in periods:
            continue
        if anchor.kind == AnchorKind.RUN and anchor.run_id != run.pk:
            continue
        period = periods.get(anchor.period)
        yield (
            anchor.kind,
            period.isoformat() if period else str(anchor.period),
            anchor.revision,
            anchor.leaves,
            anchor.root,
            anchor.transaction.hash,
            anchor.transaction.block_number,
        )

"""Every line of every document of a month, recomputed from the auditor's files alone."""

import csv
import json
from collections import defaultdict
from pathlib import Path

import pytest

from tests.functional.recomputation import recompute, vat


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def recomputed(exported_month):
    return exported_month, *recompute(exported_month)


def test_every_share_agrees_to_the_watt_hour(recomputed):
    _, _, _, share_faults, _ = recomputed
    assert share_faults == []


def test_every_line_agrees_to_the_cent(recomputed):
    folder, _, lines, _, _ = recomputed
    stored: dict[tuple[str, str], dict[tuple[str, str], tuple[int, int]]] = defaultdict(dict)
    for row in rows_of(folder / "bill_lines.csv"):
        key = (row["component"], row["window"])
        assert key not in stored[row["kind"], row["site"]], "a component stands once per document"
        stored[row["kind"], row["site"]][key] = (int(row["quantity"]), int(row["net_minor"]))
    assert {k: v for k, v in lines.items() if v} == dict(stored)
    assert sum(len(v) for v in stored.values()) > 100


def test_every_document_adds_up_with_its_vat(recomputed):
    folder, tariff, _, _, _ = recomputed
    net: dict[str, int] = defaultdict(int)
    for row in rows_of(folder / "bill_lines.csv"):
        net[row["document"]] += int(row["net_minor"])
    for row in rows_of(folder / "documents.csv"):
        own = row["member"] == tariff["cooperative_member"]
        rate = "0" if row["kind"] == "credit" or own else tariff["versions"][-1]["vat_rate"]
        assert int(row["net_minor"]) == net[row["document"]]
        assert int(row["vat_minor"]) == vat(net[row["document"]], rate)
        assert int(row["gross_minor"]) == int(row["net_minor"]) + int(row["vat_minor"])


def test_numbers_have_no_gaps(recomputed):
    folder, *_ = recomputed
    for kind in ("bill", "credit"):
        numbers = sorted(int(r["number"].rsplit("-", 1)[1]) for r in rows_of(folder / "documents.csv") if r["kind"] == kind)
        assert numbers == list(range(1, len(numbers) + 1))


def test_what_bills_pay_for_local_energy_is_what_credits_receive(recomputed):
    folder, _, _, _, paid = recomputed
    lines = rows_of(folder / "bill_lines.csv")
    received = sum(int(r["net_minor"]) for r in lines if r["component"] == "local_delivered")
    assert paid == received == sum(int(r["net_minor"]) for r in lines if r["component"] == "local")


def test_each_ledger_transaction_balances(recomputed):
    folder, *_ = recomputed
    balance: dict[str, int] = defaultdict(int)
    for row in rows_of(folder / "ledger.csv"):
        balance[row["transaction"]] += int(row["debit_minor"]) - int(row["credit_minor"])
    assert set(balance.values()) == {0}
    local = [r for r in rows_of(folder / "ledger.csv") if r["account"] == "local_clearing"]
    assert sum(int(r["debit_minor"]) - int(r["credit_minor"]) for r in local) == 0


def test_each_day_and_the_run_are_anchored_once(recomputed):
    folder, *_ = recomputed
    anchors = rows_of(folder / "anchors.csv")
    days = {r["day"] for r in anchors if r["kind"] == "day"}
    report = json.loads((folder / "report.json").read_text())
    assert len(days) == report["days"] == len(anchors) - 1
    assert all(r["transaction_hash"].startswith("0x") and int(r["block"]) > 0 for r in anchors)

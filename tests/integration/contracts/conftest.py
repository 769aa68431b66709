"""A small village with two settled days, posted bills, and a real chain beside it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from billing.models import BillingRun, Document, DocumentKind
from billing.services.price_publication import publish_days
from billing.services.runs import run_month
from contracts.adapters.ethereum import EthereumChain
from grid.services.day_close import close_day
from kernel.intervals import Month
from microgrid_site.demo.cooperative import agree_on_rules
from tests.integration.contracts.node import Node
from tests.integration.grid.conftest import (  # noqa: F401
    SHOWN_NOW,
    correct_meter,
    household,
    measured_days,
    microgrid,
    operator,
    stranger,
    village_folder,
)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = Node(tmp_path / "node")
    for name in ("run", "log"):
        (tmp_path / "node" / name).mkdir(parents=True)
    node.start()
    yield node
    node.kill()


@pytest.fixture
def chain(node: Node) -> EthereumChain:
    return node.chain


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    """A signing key and blocks of this test's own."""
    settings.VAR_DIR = tmp_path / "var"
    settings.IPFS_STORE_DIR = tmp_path / "ipfs"


@pytest.fixture
def settled(microgrid: Any, measured_days: Any) -> BillingRun:  # noqa: F811
    """Two closed days and their posted bills; the chain knows nothing yet."""
    agree_on_rules(microgrid, SHOWN_NOW)
    publish_days(microgrid=microgrid, days=measured_days, now=SHOWN_NOW)
    for day in measured_days:
        close_day(microgrid=microgrid, day=day, now=SHOWN_NOW)
    return run_month(microgrid=microgrid, month=Month(2016, 6), now=SHOWN_NOW, days=measured_days)


@pytest.fixture
def bill(settled: BillingRun) -> Document:
    """The first member's bill."""
    bills = Document.objects.filter(run=settled, kind=DocumentKind.BILL, member__is_cooperative=False, gross_minor__gt=100)
    return bills.order_by("number")[0]


@pytest.fixture
def behind_the_back() -> Callable[..., None]:
    """Change rows past every trigger, as somebody with the database's password could."""

    def change(sql: str, *values: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET session_replication_role = 'replica'")
            cursor.execute(sql, values)
            assert cursor.rowcount == 1
            cursor.execute("SET session_replication_role = 'origin'")

    return change

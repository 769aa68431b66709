"""Money: tariffs, runs, documents, ledger, payments."""

from billing.models.documents import (
    Component,
    Document,
    DocumentKind,
    DocumentLine,
    DocumentStatus,
    NumberSeries,
)
from billing.models.flexibility import FlexibilityCredit
from billing.models.ledger import Account, AccountCode, LedgerEntry, LedgerTransaction
from billing.models.payments import BankStatement, BankStatementLine, Payment, PaymentRail
from billing.models.readings import BilledReadings
from billing.models.replays import RuleReplay
from billing.models.runs import BillingRun, RunChunk, RunStatus
from billing.models.tariffs import Tariff, TariffAssignment, TariffVersion, TimeWindow, VersionStatus

__all__ = [
    "Account",
    "AccountCode",
    "BankStatement",
    "BankStatementLine",
    "BilledReadings",
    "BillingRun",
    "Component",
    "Document",
    "DocumentKind",
    "DocumentLine",
    "DocumentStatus",
    "FlexibilityCredit",
    "LedgerEntry",
    "LedgerTransaction",
    "NumberSeries",
    "Payment",
    "PaymentRail",
    "RuleReplay",
    "RunChunk",
    "RunStatus",
    "Tariff",
    "TariffAssignment",
    "TariffVersion",
    "TimeWindow",
    "VersionStatus",
]

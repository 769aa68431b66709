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
from billing.models.journal_exports import ExportProfile, ExternalAccount
from billing.models.ledger import Account, AccountCode, LedgerEntry, LedgerTransaction
from billing.models.payments import BankStatement, BankStatementLine, Payment, PaymentRail
from billing.models.periods import AccountingPeriod, PeriodStatus, PeriodStep
from billing.models.readings import BilledReadings
from billing.models.replays import RuleReplay
from billing.models.runs import BillingRun, RunChunk, RunStatus
from billing.models.tariffs import Tariff, TariffAssignment, TariffVersion, TimeWindow, VersionStatus

__all__ = [
    "Account",
    "AccountCode",
    "AccountingPeriod",
    "BankStatement",
    "BankStatementLine",
    "BilledReadings",
    "BillingRun",
    "Component",
    "Document",
    "DocumentKind",
    "DocumentLine",
    "DocumentStatus",
    "ExportProfile",
    "ExternalAccount",
    "FlexibilityCredit",
    "LedgerEntry",
    "LedgerTransaction",
    "NumberSeries",
    "Payment",
    "PaymentRail",
    "PeriodStatus",
    "PeriodStep",
    "RuleReplay",
    "RunChunk",
    "RunStatus",
    "Tariff",
    "TariffAssignment",
    "TariffVersion",
    "TimeWindow",
    "VersionStatus",
]

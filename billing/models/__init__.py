"""Money: tariffs, runs, documents, ledger, payments."""

from billing.models.checks import CheckKind, RunCheck
from billing.models.deliveries import Delivery, DeliveryStatus
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
from billing.models.policies import BillingPolicy
from billing.models.readings import BilledReadings
from billing.models.replays import RuleReplay
from billing.models.runs import BillingRun, RunChunk, RunKind, RunStatus
from billing.models.tariffs import Tariff, TariffAssignment, TariffVersion, TimeWindow, VersionStatus

__all__ = [
    "Account",
    "AccountCode",
    "AccountingPeriod",
    "BankStatement",
    "BankStatementLine",
    "BilledReadings",
    "BillingPolicy",
    "BillingRun",
    "CheckKind",
    "Component",
    "Delivery",
    "DeliveryStatus",
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
    "RunCheck",
    "RunChunk",
    "RunKind",
    "RunStatus",
    "Tariff",
    "TariffAssignment",
    "TariffVersion",
    "TimeWindow",
    "VersionStatus",
]

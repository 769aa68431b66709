"""Money: tariffs, runs, documents, ledger, payments."""

from billing.models.arrears import (
    ArrearsRule,
    BaseRate,
    DisconnectionProposal,
    InstalmentPlan,
    PlanStatus,
    ProposalStatus,
    Protection,
    ProtectionKind,
    Reminder,
    ReminderStage,
)
from billing.models.bank import BankStatement, BankStatementLine, LineStatus, StatementKind
from billing.models.bank_orders import BankOrder, Debit, ItemStatus, OrderKind, OrderStatus, Payout, Refund, RefundWay, Sequence
from billing.models.cards import CardCheckout, CardDispute, CardEvent, CardMovement, CardPayout, CheckoutStatus
from billing.models.carried import SurplusCarried
from billing.models.charges import Charge, ChargeKind
from billing.models.checks import CheckKind, RunCheck
from billing.models.coin_sales import CoinSale
from billing.models.deliveries import Delivery, DeliveryStatus, YearStatement
from billing.models.distributions import (
    Distribution,
    DistributionKind,
    DistributionPart,
    DistributionRule,
    DistributionStatus,
    MemberShare,
    ShareWay,
)
from billing.models.documents import Component, Document, DocumentKind, DocumentLine, DocumentStatus, NumberSeries
from billing.models.flexibility import FlexibilityCredit
from billing.models.incentives import (
    AwardStatus,
    BudgetSpan,
    IncentiveAward,
    IncentiveBudget,
    IncentiveEntitlement,
    IncentiveProgramme,
    IncentiveStatus,
    IncentiveVersion,
    WhenShort,
)
from billing.models.journal_exports import ExportProfile, ExternalAccount
from billing.models.ledger import Account, AccountCode, LedgerEntry, LedgerTransaction
from billing.models.mandates import Mandate, MandateStatus
from billing.models.payment_rules import CreditUse, FeeRule, PaymentRules
from billing.models.payments import Allocation, Payment, PaymentRail, PaymentReturn, ReturnKind
from billing.models.periods import AccountingPeriod, PeriodStatus, PeriodStep
from billing.models.policies import BillingPolicy
from billing.models.prepaid import PrepaidAgreement, PrepaidAlarm, PrepaidDay, PrepaidRule
from billing.models.public_pages import PublicPage
from billing.models.readings import BilledReadings
from billing.models.replays import RuleReplay
from billing.models.runs import BillingRun, RunChunk, RunKind, RunStatus
from billing.models.spot_feeds import FeedForm, SpotFeed
from billing.models.tariff_prices import PriceState, SpotDay, SpotImport, SpotIndex, TariffPriceDay
from billing.models.tariffs import StepKind, Tariff, TariffAssignment, TariffStep, TariffVersion, TimeWindow, VersionStatus
from billing.models.vat import DocumentVat, VatStatus
from billing.models.years import YearClosing, YearStatus

__all__ = [
    "Account",
    "AccountCode",
    "AccountingPeriod",
    "Allocation",
    "ArrearsRule",
    "AwardStatus",
    "BankOrder",
    "BankStatement",
    "BankStatementLine",
    "BaseRate",
    "BilledReadings",
    "BillingPolicy",
    "BillingRun",
    "BudgetSpan",
    "CardCheckout",
    "CardDispute",
    "CardEvent",
    "CardMovement",
    "CardPayout",
    "Charge",
    "ChargeKind",
    "CheckKind",
    "CheckoutStatus",
    "CoinSale",
    "Component",
    "CreditUse",
    "Debit",
    "Delivery",
    "DeliveryStatus",
    "DisconnectionProposal",
    "Distribution",
    "DistributionKind",
    "DistributionPart",
    "DistributionRule",
    "DistributionStatus",
    "Document",
    "DocumentKind",
    "DocumentLine",
    "DocumentStatus",
    "DocumentVat",
    "ExportProfile",
    "ExternalAccount",
    "FeeRule",
    "FeedForm",
    "FlexibilityCredit",
    "IncentiveAward",
    "IncentiveBudget",
    "IncentiveEntitlement",
    "IncentiveProgramme",
    "IncentiveStatus",
    "IncentiveVersion",
    "InstalmentPlan",
    "ItemStatus",
    "LedgerEntry",
    "LedgerTransaction",
    "LineStatus",
    "Mandate",
    "MandateStatus",
    "MemberShare",
    "NumberSeries",
    "OrderKind",
    "OrderStatus",
    "Payment",
    "PaymentRail",
    "PaymentReturn",
    "PaymentRules",
    "Payout",
    "PeriodStatus",
    "PeriodStep",
    "PlanStatus",
    "PrepaidAgreement",
    "PrepaidAlarm",
    "PrepaidDay",
    "PrepaidRule",
    "PriceState",
    "ProposalStatus",
    "Protection",
    "ProtectionKind",
    "PublicPage",
    "Refund",
    "RefundWay",
    "Reminder",
    "ReminderStage",
    "ReturnKind",
    "RuleReplay",
    "RunCheck",
    "RunChunk",
    "RunKind",
    "RunStatus",
    "Sequence",
    "ShareWay",
    "SpotDay",
    "SpotFeed",
    "SpotImport",
    "SpotIndex",
    "StatementKind",
    "StepKind",
    "SurplusCarried",
    "Tariff",
    "TariffAssignment",
    "TariffPriceDay",
    "TariffStep",
    "TariffVersion",
    "TimeWindow",
    "VatStatus",
    "VersionStatus",
    "WhenShort",
    "YearClosing",
    "YearStatement",
    "YearStatus",
]

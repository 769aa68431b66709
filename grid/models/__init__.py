"""Decisions: how local energy was shared, whether the balance holds, what it cost, what was commanded."""

from grid.models.alarms import AlarmPriority, GridAlarm, GridAlarmKind, GridAlarmStep, GridAlarmStepKind
from grid.models.balance import BalanceDay
from grid.models.bypass import BypassCheck, BypassSuspect
from grid.models.closing import DayClosing
from grid.models.control import CommandFallback, CommandStatus, DeviceCommand, GridState, GridStatus
from grid.models.control_rule import ControlMemory, ControlRule
from grid.models.demand_response import DemandConsent, DemandEvent, DemandProgramme, DemandResponse
from grid.models.device_links import ChargingSession, ChargingTag, DeviceLink, LinkProblem, LinkProtocol
from grid.models.emergencies import Emergency, EmergencyCall, EmergencyContact, EmergencyStep, OperatorOverride, OverrideKind
from grid.models.flexibility import CommandKind, FlexibilityDay, FlexibilityPay, FlexibilityTerms
from grid.models.flexible_runs import FlexibleRun, FlexibleRunPlan, FlexibleRunResult
from grid.models.interruptions import InterruptedSite, Interruption, InterruptionCause
from grid.models.market import (
    ForgottenOrders,
    MarketInterval,
    MarketOrder,
    MarketTerms,
    OrderSide,
    SiteMarketDay,
    TradingLimit,
    TradingMode,
)
from grid.models.network_studies import ElementLoss, NetworkStudy, NodeHosting, Technology
from grid.models.openadr import AdrEvent, AdrPayload, AdrProgram, AdrReport, AdrSubscription, AdrVen
from grid.models.pictures import GridPicture
from grid.models.planned_outages import OutageElement, OutageExtension, OutageMove, OutageRule, OutageState, OutageSwitching, PlannedOutage
from grid.models.plans import Plan, PlanRule, PlanSource, StoragePlan
from grid.models.plant_shares import PlantDivision, PlantShare
from grid.models.preferences import GivenDay, SurplusPreference
from grid.models.prices import PriceDay
from grid.models.sharing import (
    MARKET_ALONE,
    FeederShareDay,
    SharingDay,
    SharingKey,
    SharingKeyShare,
    SharingPrice,
    SharingRule,
    SiteShareDay,
)
from grid.models.storage_origin import LeavingOrder, StorageDay, StorageOriginRule
from grid.models.supply_requests import SupplyRequest, SupplyRequestStatus, SupplyStep
from grid.models.switch_orders import SwitchOrder
from grid.models.votes import ProposedShare, SharingProposal, SharingVote, VoteChoice, VoteStatus

__all__ = [
    "MARKET_ALONE",
    "AdrEvent",
    "AdrPayload",
    "AdrProgram",
    "AdrReport",
    "AdrSubscription",
    "AdrVen",
    "AlarmPriority",
    "BalanceDay",
    "BypassCheck",
    "BypassSuspect",
    "ChargingSession",
    "ChargingTag",
    "CommandFallback",
    "CommandKind",
    "CommandStatus",
    "ControlMemory",
    "ControlRule",
    "DayClosing",
    "DemandConsent",
    "DemandEvent",
    "DemandProgramme",
    "DemandResponse",
    "DeviceCommand",
    "DeviceLink",
    "ElementLoss",
    "Emergency",
    "EmergencyCall",
    "EmergencyContact",
    "EmergencyStep",
    "FeederShareDay",
    "FlexibilityDay",
    "FlexibilityPay",
    "FlexibilityTerms",
    "FlexibleRun",
    "FlexibleRunPlan",
    "FlexibleRunResult",
    "ForgottenOrders",
    "GivenDay",
    "GridAlarm",
    "GridAlarmKind",
    "GridAlarmStep",
    "GridAlarmStepKind",
    "GridPicture",
    "GridState",
    "GridStatus",
    "InterruptedSite",
    "Interruption",
    "InterruptionCause",
    "LeavingOrder",
    "LinkProblem",
    "LinkProtocol",
    "MarketInterval",
    "MarketOrder",
    "MarketTerms",
    "NetworkStudy",
    "NodeHosting",
    "OperatorOverride",
    "OrderSide",
    "OutageElement",
    "OutageExtension",
    "OutageMove",
    "OutageRule",
    "OutageState",
    "OutageSwitching",
    "OverrideKind",
    "Plan",
    "PlanRule",
    "PlanSource",
    "PlannedOutage",
    "PlantDivision",
    "PlantShare",
    "PriceDay",
    "ProposedShare",
    "SharingDay",
    "SharingKey",
    "SharingKeyShare",
    "SharingPrice",
    "SharingProposal",
    "SharingRule",
    "SharingVote",
    "SiteMarketDay",
    "SiteShareDay",
    "StorageDay",
    "StorageOriginRule",
    "StoragePlan",
    "SupplyRequest",
    "SupplyRequestStatus",
    "SupplyStep",
    "SurplusPreference",
    "SwitchOrder",
    "Technology",
    "TradingLimit",
    "TradingMode",
    "VoteChoice",
    "VoteStatus",
]

"""Addresses below /api/v1/."""

from datetime import date

from django.urls import path, register_converter

from grid.api.alarms import AcknowledgeAlarm, GridAlarmLife, GridAlarmList, ShelveAlarm, UnshelveAlarm
from grid.api.days import MicrogridBalance, MicrogridPrices, MicrogridSharing, SiteSharing
from grid.api.demand_response import EventCancellation, EventList, OptOut, ProgrammeList, ProgrammeSite, ResponseList
from grid.api.device_links import DeviceLinkList
from grid.api.flexible_runs import FlexibleRunDoor, FlexibleRunList, SteeredDeviceList
from grid.api.indicators import IndicatorsDoor
from grid.api.interruptions import InterruptionList, SupplyBack
from grid.api.live import LiveState, MicrogridList, TickList
from grid.api.market import MarketBook, MarketCourse, MarketOrderDoor, MarketOrderList, PreferenceDoor, SiteLimit, SitePreferences
from grid.api.network import NetworkStudyDoor, OutageDecision, OutageList
from grid.api.plans import PlanDoor
from grid.api.plant_shares import PlantShareList
from grid.api.replay import NetworkOrder, Replay
from grid.api.storages import StorageDayDoor
from grid.api.switches import SwitchList, SwitchOrderDecision, SwitchOrderList
from grid.api.votes import CastVote, ProposalList


class DayConverter:
    """A calendar day, written YYYY-MM-DD."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date | str) -> str:
        return value if isinstance(value, str) else value.isoformat()


register_converter(DayConverter, "day")

urlpatterns = [
    path("microgrids/", MicrogridList.as_view(), name="api-microgrids"),
    path("microgrids/<uuid:public_id>/live/", LiveState.as_view(), name="api-live"),
    path("microgrids/<uuid:public_id>/plan/", PlanDoor.as_view(), name="api-plan"),
    path("microgrids/<uuid:public_id>/network/", NetworkOrder.as_view(), name="api-network"),
    path("microgrids/<uuid:public_id>/network/study/", NetworkStudyDoor.as_view(), name="api-network-study"),
    path("microgrids/<uuid:public_id>/outages/", OutageList.as_view(), name="api-outages"),
    path("outages/<uuid:public_id>/decide/", OutageDecision.as_view(), name="api-outage-decision"),
    path("microgrids/<uuid:public_id>/switches/", SwitchList.as_view(), name="api-switches"),
    path("microgrids/<uuid:public_id>/switches/orders/", SwitchOrderList.as_view(), name="api-switch-orders"),
    path("switch-orders/<uuid:public_id>/decide/", SwitchOrderDecision.as_view(), name="api-switch-order-decision"),
    path("microgrids/<uuid:public_id>/replay/", Replay.as_view(), name="api-replay"),
    path("microgrids/<uuid:public_id>/ticks/", TickList.as_view(), name="api-ticks"),
    path("microgrids/<uuid:public_id>/days/<day:day>/sharing/", MicrogridSharing.as_view(), name="api-sharing"),
    path("microgrids/<uuid:public_id>/days/<day:day>/balance/", MicrogridBalance.as_view(), name="api-balance"),
    path("microgrids/<uuid:public_id>/days/<day:day>/prices/", MicrogridPrices.as_view(), name="api-prices"),
    path("microgrids/<uuid:public_id>/alarms/", GridAlarmList.as_view(), name="api-grid-alarms"),
    path("microgrids/<uuid:public_id>/device-links/", DeviceLinkList.as_view(), name="api-device-links"),
    path("microgrids/<uuid:public_id>/indicators/", IndicatorsDoor.as_view(), name="api-indicators"),
    path("microgrids/<uuid:public_id>/interruptions/", InterruptionList.as_view(), name="api-interruptions"),
    path("interruptions/<uuid:public_id>/supply-back/", SupplyBack.as_view(), name="api-supply-back"),
    path("alarms/<uuid:public_id>/", GridAlarmLife.as_view(), name="api-grid-alarm"),
    path("alarms/<uuid:public_id>/acknowledge/", AcknowledgeAlarm.as_view(), name="api-grid-alarm-acknowledge"),
    path("alarms/<uuid:public_id>/shelve/", ShelveAlarm.as_view(), name="api-grid-alarm-shelve"),
    path("alarms/<uuid:public_id>/unshelve/", UnshelveAlarm.as_view(), name="api-grid-alarm-unshelve"),
    path("microgrids/<uuid:public_id>/days/<day:day>/market/", MarketCourse.as_view(), name="api-market"),
    path("microgrids/<uuid:public_id>/market/book/", MarketBook.as_view(), name="api-market-book"),
    path("market-orders/", MarketOrderList.as_view(), name="api-market-orders"),
    path("market-orders/<uuid:public_id>/", MarketOrderDoor.as_view(), name="api-market-order"),
    path("sites/<uuid:public_id>/trading-limit/", SiteLimit.as_view(), name="api-trading-limit"),
    path("sites/<uuid:public_id>/preferences/", SitePreferences.as_view(), name="api-preferences"),
    path("preferences/<uuid:public_id>/", PreferenceDoor.as_view(), name="api-preference"),
    path("plant-shares/", PlantShareList.as_view(), name="api-plant-shares"),
    path("sharing-votes/", ProposalList.as_view(), name="api-sharing-votes"),
    path("sharing-votes/<uuid:public_id>/cast/", CastVote.as_view(), name="api-sharing-vote-cast"),
    path("programmes/", ProgrammeList.as_view(), name="api-programmes"),
    path("programmes/<uuid:public_id>/sites/<uuid:site_id>/", ProgrammeSite.as_view(), name="api-programme-site"),
    path("programmes/<uuid:public_id>/events/", EventList.as_view(), name="api-programme-events"),
    path("demand-events/<uuid:public_id>/", EventCancellation.as_view(), name="api-demand-event"),
    path("demand-responses/", ResponseList.as_view(), name="api-demand-responses"),
    path("demand-responses/<uuid:public_id>/opt-out/", OptOut.as_view(), name="api-demand-opt-out"),
    path("steered-devices/", SteeredDeviceList.as_view(), name="api-steered-devices"),
    path("flexible-runs/", FlexibleRunList.as_view(), name="api-flexible-runs"),
    path("flexible-runs/<uuid:public_id>/", FlexibleRunDoor.as_view(), name="api-flexible-run"),
    path("storages/<uuid:public_id>/days/<day:day>/", StorageDayDoor.as_view(), name="api-storage-day"),
    path("sites/<uuid:public_id>/days/<day:day>/sharing/", SiteSharing.as_view(), name="api-site-sharing"),
]

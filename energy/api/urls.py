"""Addresses below /api/v1/."""

from django.urls import path

from energy.api.insight import SiteComparison, SitePatterns, SourceList, SourcePerformance
from energy.api.own_alarms import OwnAlarmDetail, OwnAlarmList
from energy.api.sites import MeterDayList, MeterList, SiteDetail, SiteList
from energy.api.telemetry import TelemetryView

urlpatterns = [
    path("telemetry/", TelemetryView.as_view(), name="api-telemetry"),
    path("sites/", SiteList.as_view(), name="api-sites"),
    path("sites/<uuid:public_id>/", SiteDetail.as_view(), name="api-site"),
    path("meters/", MeterList.as_view(), name="api-meters"),
    path("meters/<uuid:public_id>/days/", MeterDayList.as_view(), name="api-meter-days"),
    path("sites/<uuid:public_id>/patterns/", SitePatterns.as_view(), name="api-site-patterns"),
    path("sites/<uuid:public_id>/comparison/", SiteComparison.as_view(), name="api-site-comparison"),
    path("sources/", SourceList.as_view(), name="api-sources"),
    path("sources/<uuid:public_id>/performance/", SourcePerformance.as_view(), name="api-source-performance"),
    path("own-alarms/", OwnAlarmList.as_view(), name="api-own-alarms"),
    path("own-alarms/<uuid:public_id>/", OwnAlarmDetail.as_view(), name="api-own-alarm"),
]

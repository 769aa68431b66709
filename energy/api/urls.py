"""Addresses below /api/v1/."""

from django.urls import path

from energy.api.sites import MeterDayList, MeterList, SiteDetail, SiteList
from energy.api.telemetry import TelemetryView

urlpatterns = [
    path("telemetry/", TelemetryView.as_view(), name="api-telemetry"),
    path("sites/", SiteList.as_view(), name="api-sites"),
    path("sites/<uuid:public_id>/", SiteDetail.as_view(), name="api-site"),
    path("meters/", MeterList.as_view(), name="api-meters"),
    path("meters/<uuid:public_id>/days/", MeterDayList.as_view(), name="api-meter-days"),
]

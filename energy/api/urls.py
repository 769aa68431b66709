"""Addresses below /api/v1/."""

from django.urls import path

from energy.api import device_care, devices, sensors
from energy.api.exports import MeterExport
from energy.api.forecasts import MeterForecastView, MicrogridForecast
from energy.api.gateways import GatewayReadings
from energy.api.insight import SiteComparison, SitePatterns, SourceList, SourcePerformance
from energy.api.microgrid_days import MicrogridDays
from energy.api.own_alarms import OwnAlarmDetail, OwnAlarmList
from energy.api.reviews import ReviewDecision, ReviewList
from energy.api.sites import MeterDayList, MeterList, SiteDetail, SiteList
from energy.api.telemetry import TelemetryView
from energy.api.telemetry_keys import TelemetryKeyView
from energy.api.work_orders import FinishWork, PlanWork, WorkOrderList

urlpatterns = [
    path("telemetry/", TelemetryView.as_view(), name="api-telemetry"),
    path("gateways/readings/", GatewayReadings.as_view(), name="api-gateway-readings"),
    path("microgrids/<uuid:public_id>/days/", MicrogridDays.as_view(), name="api-microgrid-days"),
    path("microgrids/<uuid:public_id>/telemetry-key/", TelemetryKeyView.as_view(), name="api-telemetry-key"),
    path("sites/", SiteList.as_view(), name="api-sites"),
    path("sites/<uuid:public_id>/", SiteDetail.as_view(), name="api-site"),
    path("meters/", MeterList.as_view(), name="api-meters"),
    path("meters/<uuid:public_id>/days/", MeterDayList.as_view(), name="api-meter-days"),
    path("meters/<uuid:public_id>/forecast/", MeterForecastView.as_view(), name="api-meter-forecast"),
    path("microgrids/<uuid:public_id>/forecast/", MicrogridForecast.as_view(), name="api-microgrid-forecast"),
    path("sites/<uuid:public_id>/patterns/", SitePatterns.as_view(), name="api-site-patterns"),
    path("sites/<uuid:public_id>/comparison/", SiteComparison.as_view(), name="api-site-comparison"),
    path("reviews/", ReviewList.as_view(), name="api-reviews"),
    path("reviews/<uuid:public_id>/decision/", ReviewDecision.as_view(), name="api-review-decision"),
    path("sources/", SourceList.as_view(), name="api-sources"),
    path("sources/<uuid:public_id>/performance/", SourcePerformance.as_view(), name="api-source-performance"),
    path("own-alarms/", OwnAlarmList.as_view(), name="api-own-alarms"),
    path("own-alarms/<uuid:public_id>/", OwnAlarmDetail.as_view(), name="api-own-alarm"),
    path("meters/<uuid:public_id>/exchange/", device_care.ExchangeView.as_view(), name="api-meter-exchange"),
    path("sensors/", sensors.SensorList.as_view(), name="api-sensors"),
    path("sensors/<uuid:public_id>/readings/", sensors.SensorReadingsView.as_view(), name="api-sensor-readings"),
    path("devices/", device_care.DeviceList.as_view(), name="api-devices"),
    path("devices/enrol/", devices.EnrolView.as_view(), name="api-device-enrol"),
    path("devices/rotate/", devices.RotateView.as_view(), name="api-device-rotate"),
    path("devices/certificate/", devices.CertificateView.as_view(), name="api-device-certificate"),
    path("devices/firmware/", devices.FirmwareView.as_view(), name="api-device-firmware"),
    path("devices/codes/", device_care.CodeView.as_view(), name="api-device-codes"),
    path("devices/alarms/", device_care.AlarmList.as_view(), name="api-device-alarms"),
    path("devices/alarms/<uuid:public_id>/acknowledge/", device_care.AcknowledgeView.as_view(), name="api-alarm-acknowledge"),
    path("devices/alarms/<uuid:public_id>/clear/", device_care.ClearView.as_view(), name="api-alarm-clear"),
    path("devices/<str:name>/clock/", devices.ClockView.as_view(), name="api-device-clock"),
    path("devices/<uuid:public_id>/", device_care.DeviceDetail.as_view(), name="api-device"),
    path("devices/<uuid:public_id>/revoke/", device_care.RevokeView.as_view(), name="api-device-revoke"),
    path("devices/<uuid:public_id>/decommission/", device_care.DecommissionView.as_view(), name="api-device-decommission"),
    path("devices/<uuid:public_id>/encryption/", device_care.EncryptionView.as_view(), name="api-device-encryption"),
    path("meters/<uuid:public_id>/export/", MeterExport.as_view(), name="api-meter-export"),
    path("work-orders/", WorkOrderList.as_view(), name="api-work-orders"),
    path("work-orders/<uuid:public_id>/plan/", PlanWork.as_view(), name="api-plan-work"),
    path("work-orders/<uuid:public_id>/finish/", FinishWork.as_view(), name="api-finish-work"),
]

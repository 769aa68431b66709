"""Addresses of the live pages."""

from django.urls import path

from grid.web import alarms, bypass, device_links, emergency, events, indicators, interruptions, network, outages, plans, switches, views

urlpatterns = [
    path("readings/bypass/", bypass.bypass, name="bypass"),
    path("live/", views.live, name="live"),
    path("live/day/", views.live_day, name="live-day"),
    path("live/element/", views.element, name="live-element"),
    path("live/devices/", device_links.device_links, name="device-links"),
    path("live/network/", network.network, name="network"),
    path("live/network/compute/", network.compute, name="network-compute"),
    path("live/network/outages/<uuid:public_id>/", outages.outage, name="outage"),
    path("live/network/outages/<uuid:public_id>/step/", outages.outage_step, name="outage-step"),
    path("live/network/switches/", switches.switches, name="switches"),
    path("live/network/switches/orders/<uuid:public_id>/", switches.switch_order, name="switch-order"),
    path("plan/", plans.plan, name="plan"),
    path("indicators/", indicators.indicators, name="indicators"),
    path("indicators/interruptions/<uuid:public_id>/", interruptions.interruption, name="interruption"),
    path("indicators/interruptions/<uuid:public_id>/end/", interruptions.end, name="interruption-end"),
    path("events/", events.events, name="events"),
    path("events/report.pdf", events.event_report, name="event-report"),
    path("alarms/", alarms.alarms, name="alarms"),
    path("alarms/board/", alarms.board, name="alarm-board"),
    path("alarms/acknowledge/", alarms.acknowledge_all, name="alarms-acknowledge"),
    path("alarms/<uuid:public_id>/", alarms.alarm, name="alarm"),
    path("alarms/<uuid:public_id>/step/", alarms.step, name="alarm-step"),
    path("emergency/", emergency.page, name="emergency"),
    path("emergency/desk/", emergency.desk, name="emergency-desk"),
    path("emergency/orders/", emergency.overrides, name="overrides"),
    path("emergency/orders/<uuid:public_id>/", emergency.override, name="override"),
    path("emergency/drills/", emergency.drill_start, name="drill-start"),
    path("emergency/drills/<uuid:public_id>/end/", emergency.drill_end, name="drill-end"),
    path("emergency/<uuid:public_id>/", emergency.emergency, name="emergency-one"),
    path("emergency/<uuid:public_id>/answer/", emergency.answer, name="emergency-answer"),
]

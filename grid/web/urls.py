"""Addresses of the live pages."""

from django.urls import path

from grid.web import alarms, bypass, events, indicators, views

urlpatterns = [
    path("readings/bypass/", bypass.bypass, name="bypass"),
    path("live/", views.live, name="live"),
    path("live/day/", views.live_day, name="live-day"),
    path("live/element/", views.element, name="live-element"),
    path("indicators/", indicators.indicators, name="indicators"),
    path("indicators/<uuid:public_id>/end/", indicators.end, name="interruption-end"),
    path("events/", events.events, name="events"),
    path("events/report.pdf", events.event_report, name="event-report"),
    path("alarms/", alarms.alarms, name="alarms"),
    path("alarms/board/", alarms.board, name="alarm-board"),
    path("alarms/acknowledge/", alarms.acknowledge_all, name="alarms-acknowledge"),
    path("alarms/<uuid:public_id>/", alarms.alarm, name="alarm"),
    path("alarms/<uuid:public_id>/step/", alarms.step, name="alarm-step"),
]

"""Addresses of pages that span rooms."""

from django.urls import path

from microgrid_site.pages import (
    energy_pages,
    forecast_pages,
    home,
    insight_pages,
    meter_days,
    programme_pages,
    run_pages,
    sharing_pages,
    source_pages,
    storage_pages,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("energy/", energy_pages.energy, name="energy"),
    path("village/", energy_pages.village, name="village"),
    path("village/ahead/", forecast_pages.village_forecast, name="village-forecast"),
    path("energy/ahead/", forecast_pages.own_forecast, name="own-forecast"),
    path("help/", home.help_page, name="help"),
    path("readings/days/", meter_days.meter_day, name="meter-day"),
    path("energy/habits/", insight_pages.habits, name="habits"),
    path("energy/comparison/", insight_pages.comparison, name="comparison"),
    path("energy/tips/", insight_pages.tips, name="tips"),
    path("energy/alarms/", insight_pages.own_alarm_page, name="own-alarms"),
    path("energy/alarms/<uuid:public_id>/away/", insight_pages.take_away, name="own-alarm-away"),
    path("energy/roof/", source_pages.own_source, name="own-source"),
    path("energy/sharing/", sharing_pages.sharing, name="sharing"),
    path("energy/battery/", storage_pages.own_battery, name="own-battery"),
    path("live/stored/", storage_pages.stored, name="stored"),
    path("live/stored/<uuid:public_id>/", storage_pages.storage, name="storage"),
    path("energy/programmes/", programme_pages.own_programmes, name="programmes"),
    path("energy/programmes/<uuid:public_id>/leave-out/", programme_pages.leave_out, name="demand-opt-out"),
    path("energy/runs/", run_pages.own_run_page, name="runs"),
    path("energy/runs/<uuid:public_id>/back/", run_pages.take_back, name="run-back"),
    path("live/demand/", programme_pages.events, name="demand-events"),
    path("live/demand/<uuid:public_id>/", programme_pages.event, name="demand-event"),
    path("live/demand/programmes/<uuid:public_id>/end/", programme_pages.end, name="demand-programme-end"),
    path("live/demand/<uuid:public_id>/cancel/", programme_pages.cancel, name="demand-cancel"),
    path("sources/", source_pages.ranking, name="sources"),
    path("sources/<uuid:public_id>/", source_pages.source, name="source"),
    path("sources/<uuid:public_id>/orders/", source_pages.add_order, name="add-order"),
    path("sources/orders/<uuid:public_id>/", source_pages.change_order, name="change-order"),
]

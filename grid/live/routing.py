"""Addresses of the live pages and of charge points."""

from typing import Any, cast

from django.urls import path

from grid.live.charge_points import charge_point
from grid.live.consumers import grid_stream

websocket_urlpatterns: list[Any] = [path("ws/grid/<uuid:public_id>/", cast(Any, grid_stream))]
station_urlpatterns: list[Any] = [path("ocpp/<slug:station>", cast(Any, charge_point))]

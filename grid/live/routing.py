"""Addresses of the live pages."""

from typing import Any

from django.urls import path

from grid.live.consumers import grid_stream

websocket_urlpatterns: list[Any] = [path("ws/grid/<uuid:public_id>/", grid_stream)]

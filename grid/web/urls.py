"""Addresses of the live pages."""

from django.urls import path

from grid.web import bypass, views

urlpatterns = [path("readings/bypass/", bypass.bypass, name="bypass"), path("live/", views.live, name="live")]

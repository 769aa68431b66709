"""Addresses of the live pages."""

from django.urls import path

from grid.web import views

urlpatterns = [path("live/", views.live, name="live")]

"""Addresses of the energy pages."""

from django.urls import path

from energy.web import views

urlpatterns = [
    path("energy/", views.energy, name="energy"),
    path("energy/<uuid:site>/<str:day>.csv", views.day_csv, name="energy-day-csv"),
]

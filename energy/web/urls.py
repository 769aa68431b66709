"""Addresses of the operators' pages of readings."""

from django.urls import path

from energy.web import imports

urlpatterns = [
    path("readings/", imports.overview, name="readings"),
    path("readings/imports/<uuid:public_id>/", imports.one, name="import"),
    path("readings/imports/<uuid:public_id>/progress/", imports.progress, name="import-progress"),
]

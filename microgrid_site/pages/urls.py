"""Addresses of pages that span rooms."""

from django.urls import path

from microgrid_site.pages import energy_pages, home

urlpatterns = [
    path("", home.home, name="home"),
    path("energy/", energy_pages.energy, name="energy"),
    path("village/", energy_pages.village, name="village"),
    path("help/", home.help_page, name="help"),
]

"""Addresses of a person's own pages."""

from django.urls import path

from members.web import views

urlpatterns = [path("you/", views.profile, name="profile")]

"""Addresses of a person's own pages."""

from django.urls import path

from members.web import views

urlpatterns = [path("you/", views.profile, name="profile"), path("you/language/", views.language, name="language")]

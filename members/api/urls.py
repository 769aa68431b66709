"""Addresses below /api/v1/."""

from django.urls import path

from members.api.accounts import MeView, TokenView

urlpatterns = [path("me/", MeView.as_view(), name="api-me"), path("tokens/", TokenView.as_view(), name="api-tokens")]

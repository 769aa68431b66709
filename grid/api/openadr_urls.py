"""Addresses below /openadr3/3.0.1/, as the standard names them: without a slash at the end."""

from django.urls import path

from grid.api.openadr import Events, Programs, Reports, Subscriptions, Token, Vens

OBJECTS = {"programs": Programs, "events": Events, "vens": Vens, "subscriptions": Subscriptions, "reports": Reports}
urlpatterns = [
    path("auth/token", Token.as_view(), name="openadr-token"),
    *(path(name, view.as_view(), name=f"openadr-{name}") for name, view in OBJECTS.items()),
    *(path(f"{name}/<uuid:public_id>", view.as_view(), name=f"openadr-{name}-one") for name, view in OBJECTS.items()),
]

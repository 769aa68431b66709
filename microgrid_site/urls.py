"""All addresses."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

WITH_PAGES = ("members", "energy", "grid", "billing", "contracts")
WITH_API = ("members", "energy", "grid", "billing", "contracts")

handler400, handler404, handler500 = (f"microgrid_site.refusals.{name}" for name in ("bad_request", "not_found", "server_error"))

urlpatterns = [
    path("admin/", admin.site.urls),
    path("account/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/v1/docs/", SpectacularSwaggerView.as_view(url_name="api-schema"), name="api-docs"),
    *(path("", include(f"{room}.web.urls")) for room in WITH_PAGES),
    *(path("api/v1/", include(f"{room}.api.urls")) for room in WITH_API),
    path("openadr3/3.0.1/", include("grid.api.openadr_urls")),
    path("", include("microgrid_site.pages.urls")),
]

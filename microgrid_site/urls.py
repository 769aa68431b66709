"""All addresses."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

ROOMS = ("members", "energy", "grid", "billing", "contracts")

urlpatterns = [
    path("admin/", admin.site.urls),
    path("account/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/v1/docs/", SpectacularSwaggerView.as_view(url_name="api-schema"), name="api-docs"),
]
# While the doors of a room are being built its addresses are simply absent.
urlpatterns += [path("", include(f"{room}.web.urls")) for room in ROOMS if find_spec(f"{room}.web.urls")]
urlpatterns += [
    path("api/v1/", include(f"{room}.api.urls")) for room in ROOMS if find_spec(f"{room}.api.urls")
]
if find_spec("microgrid_site.pages.urls"):
    urlpatterns.append(path("", include("microgrid_site.pages.urls")))

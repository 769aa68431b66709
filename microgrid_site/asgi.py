"""ASGI entry: pages and API through Django; sockets of live pages from our own origin, of charge points with their keys."""

import gc
import os
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microgrid_site.settings")
django_application = get_asgi_application()

from grid.live.routing import station_urlpatterns, websocket_urlpatterns  # noqa: E402  (needs the apps above)

pages = AllowedHostsOriginValidator(URLRouter(websocket_urlpatterns))
stations = URLRouter(station_urlpatterns)


async def sockets(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Charge points have no origin; everybody else must have ours."""
    door = stations if scope["path"].startswith("/ocpp/") else pages
    await door(scope, receive, send)


application = ProtocolTypeRouter({"http": django_application, "websocket": sockets})

# What is loaded by now stays to the end: a collection that looks at all of it would hold up every socket.
gc.collect()
gc.freeze()

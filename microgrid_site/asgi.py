"""ASGI entry: pages and API through Django, live pages through Channels."""

import gc
import os

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microgrid_site.settings")
django_application = get_asgi_application()

from grid.live.routing import websocket_urlpatterns  # noqa: E402  (needs the apps above)

application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": AllowedHostsOriginValidator(URLRouter(websocket_urlpatterns)),
    }
)

# What is loaded by now stays to the end: a collection that looks at all of it would hold up every socket.
gc.collect()
gc.freeze()

"""The peer: a live page by Channels as its documentation has it: a consumer per socket, a group in the channel layer."""

# ruff: noqa: E402
import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microgrid_site.settings")
django.setup()

from asgiref.sync import async_to_sync
from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from django.conf import settings
from django.urls import path

from energy.selectors.scope import visible_microgrids
from grid.adapters.live_push import last_text

GROUP = "live"
settings.CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [{"address": settings.REDIS_URL, "socket_timeout": 60}], "prefix": "bench-live", "expiry": 20, "capacity": 200},
    }
}


def send_to_group(text: str) -> None:
    """What the tick does at its end."""
    async_to_sync(get_channel_layer().group_send)(GROUP, {"type": "grid.state", "text": text})


class Page(AsyncWebsocketConsumer):
    """Checks the log-in, joins the group, sends what comes."""

    async def connect(self) -> None:
        await self.accept()
        public_id = self.scope["url_route"]["kwargs"]["public_id"]
        grid = await database_sync_to_async(lambda: visible_microgrids(self.scope["user"]).filter(public_id=public_id).first())()
        if grid is None:
            await self.close(4404)
            return
        await self.channel_layer.group_add(GROUP, self.channel_name)
        text = await database_sync_to_async(last_text)(public_id)
        if text:
            await self.send(text_data=text)

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(GROUP, self.channel_name)

    async def grid_state(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["text"])


application = AuthMiddlewareStack(URLRouter([path("ws/grid/<uuid:public_id>/", Page.as_asgi())]))

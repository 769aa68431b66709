"""The live page's WebSocket: whoever may see a microgrid's totals hears each tick."""

from typing import Any

from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from energy.models import Microgrid
from energy.selectors.scope import visible_microgrids
from grid.adapters.live_push import group_of, last_text
from members.models import User

LOG_IN_FIRST, NOT_YOURS = 4401, 4404


class GridConsumer(AsyncWebsocketConsumer):
    """Sends the last state at once, then each new one as it comes; what a client says is ignored.

    Closes with 4401 where nobody is logged in, with 4404 where there is no such microgrid for this user.
    """

    group = ""

    async def connect(self) -> None:
        user = self.scope.get("user")
        await self.accept()
        if user is None or not user.is_authenticated:
            await self.close(LOG_IN_FIRST)
            return
        microgrid = await _visible(user, self.scope["url_route"]["kwargs"]["public_id"])
        if microgrid is None:
            await self.close(NOT_YOURS)
            return
        self.group = group_of(microgrid.public_id)
        await self.channel_layer.group_add(self.group, self.channel_name)
        text = await sync_to_async(last_text)(microgrid.public_id)
        if text:
            await self.send(text_data=text)

    async def disconnect(self, code: int) -> None:
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Nothing is asked for through this door."""

    async def grid_state(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["text"])


@database_sync_to_async
def _visible(user: User, public_id: Any) -> Microgrid | None:
    return visible_microgrids(user).filter(public_id=public_id).first()

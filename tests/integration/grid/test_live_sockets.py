"""The live page over real sockets: the same bytes in whatever form was agreed on, storms survived, the deaf cut off."""

import asyncio
import json
import socket
import time

import pytest
from asgiref.sync import sync_to_async
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from benchmarks.live_clients import Crowd
from grid.adapters.live_push import push_state
from tests.integration.grid.stations import web_server
from tests.integration.grid.test_live_fan_out import session_of

pytestmark = pytest.mark.django_db(transaction=True)


def message(tick: int) -> dict[str, object]:
    """As long as a tick of a large network, and little alike."""
    return {"type": "grid.state", "tick": tick, "lines": [(7919 * n * tick) % 100_003 for n in range(3000)], "name": "Größe"}


def watch(port: int, microgrid, key: str, **words: object) -> "connect":
    origin = words.pop("origin", f"http://127.0.0.1:{port}")
    return connect(
        f"ws://127.0.0.1:{port}/ws/grid/{microgrid.public_id}/",
        additional_headers={"Cookie": f"sessionid={key}"},
        origin=origin,
        max_size=2**20,
        **words,
    )


FORMS = {
    "plain": {"compression": None},
    "as browsers offer": {"compression": "deflate"},
    "with a small window": {"extensions": [ClientPerMessageDeflateFactory(server_max_window_bits=9)]},
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_reads_the_same(microgrid, household, form):
    key = session_of(household)
    push_state(microgrid.public_id, message(1))

    async def hear(port: int) -> list[object]:
        async with watch(port, microgrid, key, **FORMS[form]) as there:
            heard = [json.loads(await asyncio.wait_for(there.recv(), 5))]
            await asyncio.sleep(0.3)
            for tick in (2, 3):
                await sync_to_async(push_state)(microgrid.public_id, message(tick))
                heard.append(json.loads(await asyncio.wait_for(there.recv(), 5)))
            return heard

    with web_server() as port:
        assert asyncio.run(hear(port)) == [message(n) for n in (1, 2, 3)]


def test_another_sites_page_may_not_watch(microgrid, household):
    key = session_of(household)

    async def knock(port: int) -> int:
        try:
            async with watch(port, microgrid, key, origin="https://elsewhere.example"):
                return 101
        except InvalidStatus as refusal:
            return refusal.response.status_code

    with web_server() as port:
        assert asyncio.run(knock(port)) == 403


def test_the_deaf_are_cut_off_and_the_others_hear_on(microgrid, household):
    """A client that does not read: its buffers fill, its pongs stay away, its connection ends; nothing is kept for it."""
    key = session_of(household)

    async def drive(port: int) -> tuple[int, int]:
        path = f"/ws/grid/{microgrid.public_id}/"
        crowd = Crowd(port, path, offers_deflate=False)
        await sync_to_async(push_state)(microgrid.public_id, message(1))
        await crowd.connect([key] * 3, at_once=3)
        await crowd.connect([key] * 2, at_once=2, reading=False)
        before = crowd.kept()
        deadline = time.monotonic() + 20
        tick = 1
        while crowd.kept() > 3 and time.monotonic() < deadline:
            tick += 1
            await sync_to_async(push_state)(microgrid.public_id, message(tick))
            await asyncio.sleep(0.2)
        await sync_to_async(push_state)(microgrid.public_id, message(tick + 1))
        await asyncio.sleep(0.5)
        heard = len(crowd.delays([(tick + 1, 0.0)]))
        kept = crowd.kept()
        crowd.cut()
        return before, kept, heard

    with web_server(ping_s=1.0) as port:
        assert asyncio.run(drive(port)) == (5, 3, 3)


def test_all_at_once_come_back_and_are_served(microgrid, household):
    key = session_of(household)

    async def storm(port: int) -> tuple[float, int]:
        crowd = Crowd(port, f"/ws/grid/{microgrid.public_id}/", offers_deflate=True)
        await sync_to_async(push_state)(microgrid.public_id, message(1))
        for _ in range(2):
            began = time.monotonic()
            await asyncio.wait_for(crowd.connect([key] * 150, at_once=150, until_heard=True), 20)
            took = time.monotonic() - began
            crowd.cut()
        await crowd.connect([key] * 150, at_once=150, until_heard=True)
        await sync_to_async(push_state)(microgrid.public_id, message(2))
        await asyncio.sleep(1.5)
        heard = len(crowd.delays([(2, 0.0)]))
        crowd.cut()
        return took, heard

    with web_server() as port:
        took, heard = asyncio.run(storm(port))
    assert heard == 150
    assert took < 15


def test_a_close_has_its_code_on_the_wire(microgrid, stranger):
    async def knock(port: int, key: str) -> int | None:
        there: ClientConnection
        async with watch(port, microgrid, key) as there:
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(there.recv(), 5)
            return there.close_code

    with web_server() as port:
        assert asyncio.run(knock(port, "")) == 4401
        assert asyncio.run(knock(port, session_of(stranger))) == 4404
        with socket.create_connection(("127.0.0.1", port)) as raw:  # the server still serves
            raw.sendall(b"GET /account/login/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert raw.recv(12).startswith(b"HTTP/1.1")

"""The live door: who is let in and stays in, what is sent, and that slow sockets are dropped and not queued for."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter
from django.test import Client
from django.utils import timezone

from energy.models import Microgrid
from energy.selectors.scope import visible_microgrids, who_sees_totals
from grid.adapters.live_push import push_state
from grid.live import fan_out
from grid.live.admission import Admission
from grid.live.fan_out import FanOut, fan_out_here
from grid.live.routing import websocket_urlpatterns
from grid.selectors.watching import Asked, Verdict, judge
from members.models import Membership, User
from members.selectors.sessions import users_of_sessions

pytestmark = pytest.mark.django_db(transaction=True)


def session_of(user: User | None) -> str:
    """The key of a real log-in session; empty for nobody."""
    if user is None:
        return ""
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser.session.session_key or ""


def scope_of(microgrid: Microgrid, session_key: str) -> dict[str, object]:
    return {
        "type": "websocket",
        "path": f"/ws/grid/{microgrid.public_id}/",
        "query_string": b"",
        "subprotocols": [],
        "headers": [(b"host", b"localhost"), (b"cookie", f"sessionid={session_key}".encode())],
    }


def socket(microgrid: Microgrid, session_key: str) -> ApplicationCommunicator:
    """A WebSocket with a session's cookie at the microgrid's address, on the ASGI protocol itself."""
    return ApplicationCommunicator(URLRouter(websocket_urlpatterns), scope_of(microgrid, session_key))


async def enter(there: ApplicationCommunicator) -> None:
    await there.send_input({"type": "websocket.connect"})
    assert (await there.receive_output(5))["type"] == "websocket.accept"


async def tick_of(there: ApplicationCommunicator) -> int:
    return json.loads((await there.receive_output(5))["text"])["tick"]


async def leave(there: ApplicationCommunicator) -> None:
    await there.send_input({"type": "websocket.disconnect", "code": 1000})
    await there.wait()


def tell(microgrid: Microgrid, tick: int) -> None:
    push_state(microgrid.public_id, {"type": "grid.state", "tick": tick})


def test_the_last_state_at_once_then_each_new_one(microgrid, household):
    tell(microgrid, 1)
    key = session_of(household)

    async def listen() -> list[int]:
        there = socket(microgrid, key)
        await enter(there)
        heard = [await tick_of(there)]
        for tick in (2, 3):
            await sync_to_async(tell)(microgrid, tick)
            heard.append(await tick_of(there))
        await leave(there)
        return heard

    assert async_to_sync(listen)() == [1, 2, 3]


def test_others_are_turned_away(microgrid, household, stranger):
    tell(microgrid, 1)

    async def knock(key: str) -> tuple[object, object]:
        there = socket(microgrid, key)
        await enter(there)
        answer = await there.receive_output(5)
        await there.wait()
        return answer["type"], answer["code"]

    for key, code in (("", 4401), ("no-such-session", 4401), (session_of(stranger), 4404)):
        assert async_to_sync(knock)(key) == ("websocket.close", code)


def test_what_ends_the_right_ends_the_stream(microgrid, household, operator):
    tell(microgrid, 1)

    def log_out(user: User, key: str) -> None:
        browser = Client()
        browser.cookies["sessionid"] = key
        browser.logout()

    def give_a_new_password(user: User, key: str) -> None:
        user.set_password("another long enough word")
        user.save()

    def end_the_membership(user: User, key: str) -> None:
        Membership.objects.filter(user=user).delete()

    async def stay(user: User, key: str, end: Callable[[User, str], None]) -> int:
        there = socket(microgrid, key)
        await enter(there)
        await tick_of(there)
        await sync_to_async(end)(user, key)
        [audience] = fan_out_here()._audiences.values()
        [watcher] = audience.watchers
        watcher.judged_at -= fan_out.JUDGED_EVERY_S + 1
        answer = await there.receive_output(5)
        await there.wait()
        return answer["code"]

    for user, end, code in ((household, log_out, 4401), (operator, give_a_new_password, 4401), (household, end_the_membership, 4404)):
        assert async_to_sync(stay)(user, session_of(user), end) == code


def test_a_message_is_framed_once_for_all(microgrid, household):
    key = session_of(household)

    async def watch() -> list[object]:
        sockets = [socket(microgrid, key) for _ in range(20)]
        for there in sockets:
            await enter(there)
        await asyncio.sleep(0.3)
        await sync_to_async(tell)(microgrid, 7)
        frames = [(await there.receive_output(5))["shared"] for there in sockets]
        for there in sockets:
            await leave(there)
        return frames

    frames = async_to_sync(watch)()
    assert len(frames) == 20
    assert len({id(frame) for frame in frames}) == 1


def test_a_slow_socket_gets_the_newest_and_is_dropped_in_the_end(microgrid, household):
    """Its buffer is full: sending does not return. What comes meanwhile replaces what waits."""
    key = session_of(household)

    async def crawl() -> tuple[list[int], int]:
        scope = scope_of(microgrid, key)
        sent: list[int] = []
        gate = asyncio.Event()
        closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def receive() -> dict[str, object]:
            if not sent and not gate.is_set():
                gate.set()
                return {"type": "websocket.connect"}
            await asyncio.Event().wait()
            return {"type": "websocket.disconnect"}

        stuck = asyncio.Event()

        async def send(message: dict[str, object]) -> None:
            if message["type"] == "websocket.send":
                sent.append(json.loads(str(message["text"]))["tick"])
                if len(sent) == 1:
                    await asyncio.sleep(0.5)
                else:
                    stuck.set()
                    await asyncio.Event().wait()
            elif message["type"] == "websocket.close":
                closed.set_result(int(str(message["code"])))

        serving = asyncio.create_task(URLRouter(websocket_urlpatterns)(scope, receive, send))
        hall = fan_out_here()
        while not hall._audiences:
            await asyncio.sleep(0.01)
        [audience] = hall._audiences.values()
        await asyncio.sleep(0.2)
        for tick in (1, 2, 3, 4):
            audience.tell(json.dumps({"tick": tick}))
            await asyncio.sleep(0.05)
        await asyncio.wait_for(stuck.wait(), 5)
        [watcher] = audience.watchers
        assert watcher.busy_since is not None
        watcher.busy_since -= fan_out.SLOW_S
        code = await asyncio.wait_for(closed, 5)
        await serving
        assert hall.sockets == 0
        return sent, code

    sent, code = async_to_sync(crawl)()
    assert sent == [1, 4]
    assert code == fan_out.TOO_SLOW


def test_a_storm_of_sockets_asks_the_database_a_few_times(microgrid, household, django_assert_max_num_queries):
    key = session_of(household)
    asked = Asked(key, microgrid.public_id)

    async def storm() -> list[Verdict]:
        door = Admission()
        return await asyncio.gather(*(door.ask(asked) for _ in range(400)))

    began = time.perf_counter()
    assert set(async_to_sync(storm)()) == {Verdict.MAY_WATCH}
    assert time.perf_counter() - began < 2.0
    with django_assert_max_num_queries(5):
        assert judge([asked] * 250, timezone.now()) == [Verdict.MAY_WATCH] * 250


def test_many_are_judged_as_one_is(microgrid, household, operator, stranger):
    users = [household, operator, stranger]
    for user in users:
        seen = {grid.pk for grid in visible_microgrids(user)}
        assert {g for u, g in who_sees_totals(users, [microgrid]) if u == user.pk} == seen & {microgrid.pk}
    Membership.objects.filter(user=household).update(cooperative=stranger.memberships.get().cooperative)
    assert (household.pk, microgrid.pk) in who_sees_totals([household], [microgrid])  # lives there still
    assert visible_microgrids(household).filter(pk=microgrid.pk).exists()


def test_a_session_holds_as_django_says(household):
    key = session_of(household)
    assert users_of_sessions([key, "other"], timezone.now()) == {key: household}
    assert users_of_sessions([key], timezone.now() + timedelta(days=30)) == {}
    household.is_active = False
    household.save()
    assert users_of_sessions([key], timezone.now()) == {}


def test_without_watchers_nothing_runs(microgrid, household):
    key = session_of(household)

    async def come_and_go() -> FanOut:
        there = socket(microgrid, key)
        await enter(there)
        await asyncio.sleep(0.1)
        hall = fan_out_here()
        assert hall._tasks
        await leave(there)
        await asyncio.sleep(0.1)
        return hall

    hall = async_to_sync(come_and_go)()
    assert (hall._tasks, hall._audiences, hall.sockets) == ([], {}, 0)

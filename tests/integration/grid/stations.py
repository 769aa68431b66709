"""Charge points made of the library's own client side, over real WebSockets to a real server."""

import asyncio
import base64
import ssl
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from asgiref.sync import sync_to_async
from django.db import connections
from ocpp.exceptions import NotSupportedError
from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call_result as answer16
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call_result as answer201
from websockets.asyncio.client import connect

from benchmarks.live_clients import free_port, is_open
from microgrid_site.asgi import application
from microgrid_site.websocket_server import BoundedSocket


@contextmanager
def web_server(ping_s: float = 20.0, certificate: Path | None = None) -> Iterator[int]:
    """The house's own server in a thread, with TLS where it gets a certificate (and its key, in one file); its port."""
    port = free_port()
    config = uvicorn.Config(
        application,
        port=port,
        ws=BoundedSocket,
        lifespan="off",
        log_level="warning",
        ws_ping_interval=ping_s,
        ws_ping_timeout=ping_s,
        ssl_certfile=certificate,
    )
    server = uvicorn.Server(config)

    async def serve() -> None:
        await server.serve()
        await sync_to_async(connections.close_all)()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not is_open(port):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join(15)


def now_text() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class _Profiles:
    """What both kinds of station do with charging profiles: keep them, and tell the lowest of the highest stack."""

    def __init__(self, *words: Any, refuses: bool = False, keeps: bool = True, tells: bool = True, amperes_only: bool = False) -> None:
        super().__init__(*words)
        self.refuses, self.keeps, self.tells, self.amperes_only = refuses, keeps, tells, amperes_only
        self.profiles: dict[tuple[int, int], Mapping[str, Any]] = {}
        self.cleared: list[int] = []

    def take(self, connector: int, profile: Mapping[str, Any]) -> str:
        if self.refuses or (self.amperes_only and self.unit_of(profile) != "A"):
            return "Rejected"
        if self.keeps:
            self.profiles[connector, int(profile.get("charging_profile_id", profile.get("id", 0)))] = profile
        return "Accepted"

    def unit_of(self, profile: Mapping[str, Any]) -> str:
        schedule = profile["charging_schedule"]
        return str((schedule[0] if isinstance(schedule, list) else schedule)["charging_rate_unit"])

    def forget(self, profile_id: int) -> None:
        self.cleared.append(profile_id)
        self.profiles = {key: kept for key, kept in self.profiles.items() if key[1] != profile_id}

    def schedule(self, connector: int) -> dict[str, Any] | None:
        if not self.tells:
            raise NotSupportedError
        kept = [profile for (place, _), profile in self.profiles.items() if place in {0, connector}]
        if not kept:
            return None
        top = max(kept, key=lambda profile: profile["stack_level"])
        found = top["charging_schedule"]
        found = found[0] if isinstance(found, list) else found
        periods = [{**one, "limit": float(one["limit"])} for one in found["charging_schedule_period"]]
        return {**found, "charging_schedule_period": periods}  # the library reads Decimals and writes none


class Charger16(_Profiles, ChargePoint16):
    """A station of one connector, OCPP 1.6."""

    @on("SetChargingProfile")
    def on_profile(self, connector_id: int, cs_charging_profiles: dict[str, Any]) -> Any:
        return answer16.SetChargingProfile(self.take(connector_id, cs_charging_profiles))

    @on("ClearChargingProfile")
    def on_clear(self, id: int = 0, **_: Any) -> Any:
        self.forget(id)
        return answer16.ClearChargingProfile("Accepted")

    @on("GetCompositeSchedule")
    def on_composite(self, connector_id: int, duration: int, **_: Any) -> Any:
        found = self.schedule(connector_id)
        return answer16.GetCompositeSchedule("Accepted" if found else "Rejected", connector_id, None, found)

    @on("GetConfiguration")
    def on_configuration(self, key: list[str], **_: Any) -> Any:
        value = "Current" if self.amperes_only else "Current,Power"
        return answer16.GetConfiguration([{"key": key[0], "readonly": True, "value": value}])


class Charger201(_Profiles, ChargePoint201):
    """A station of one EVSE, OCPP 2.0.1."""

    @on("SetChargingProfile")
    def on_profile(self, evse_id: int, charging_profile: dict[str, Any]) -> Any:
        return answer201.SetChargingProfile(self.take(evse_id, charging_profile))

    @on("ClearChargingProfile")
    def on_clear(self, charging_profile_id: int = 0, **_: Any) -> Any:
        self.forget(charging_profile_id)
        return answer201.ClearChargingProfile("Accepted")

    @on("GetCompositeSchedule")
    def on_composite(self, evse_id: int, duration: int, **_: Any) -> Any:
        found = self.schedule(evse_id)
        if found is None:
            return answer201.GetCompositeSchedule("Rejected")
        schedule = {
            "evse_id": evse_id,
            "duration": duration,
            "schedule_start": now_text(),
            "charging_rate_unit": found["charging_rate_unit"],
            "charging_schedule_period": found["charging_schedule_period"],
        }
        return answer201.GetCompositeSchedule("Accepted", schedule=schedule)

    @on("GetVariables")
    def on_variables(self, get_variable_data: list[dict[str, Any]], **_: Any) -> Any:
        asked = {name: get_variable_data[0][name] for name in ("component", "variable")}
        value = "A" if self.amperes_only else "A,W"
        return answer201.GetVariables([{"attribute_status": "Accepted", "attribute_value": value, **asked}])


KINDS = {"ocpp1.6": Charger16, "ocpp2.0.1": Charger201}


def credentials(station: str, key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{station}:{key}".encode()).decode()}


@asynccontextmanager
async def charger(
    port: int, station: str, key: str, protocol: str, *, trusts: ssl.SSLContext | None = None, **habits: bool
) -> AsyncIterator[Any]:
    """A station that is connected and answers; over TLS where it has a context that says whom it trusts."""
    scheme = "ws" if trusts is None else "wss"
    async with connect(
        f"{scheme}://127.0.0.1:{port}/ocpp/{station}", subprotocols=[protocol], additional_headers=credentials(station, key), ssl=trusts
    ) as socket:
        there = KINDS[protocol](station, socket, **habits)
        there.socket = socket
        listening = asyncio.create_task(there.start())
        await asyncio.sleep(0.3)  # until its orders are subscribed to
        try:
            yield there
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

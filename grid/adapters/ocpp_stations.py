"""The platform's side of OCPP 1.6 and 2.0.1: what a station says is handed to the house, what it is told becomes a charging profile.

Messages are checked against OCPP's own schemas by the library; what the house has no use for is acknowledged, what it does not know refused.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from ocpp.exceptions import NotImplementedError as StationLacksIt
from ocpp.exceptions import NotSupportedError, OCPPError
from ocpp.messages import Call, unpack
from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call as call16
from ocpp.v16 import call_result as answer16
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call as call201
from ocpp.v201 import call_result as answer201

from grid.domain.devices.charging import (
    PROFILE_LIMIT,
    WATTS,
    Place,
    Rate,
    fallback_16,
    fallback_201,
    is_obeyed,
    limit_in,
    profile_16,
    profile_201,
    unit_among,
)
from grid.domain.devices.links import LinkAnswer, Measured, Problem

log = logging.getLogger(__name__)
log.setLevel(logging.CRITICAL)  # the library logs whole messages, with cards' ids among them
HEARTBEAT_S = 60
MOST_WAITING = 50
ASKED_WITHIN_S = 1.0
RATE_UNITS = "ChargingScheduleAllowedChargingRateUnit"


class House(Protocol):
    """What the house does with what a station says; `connector` is the EVSE in 2.0.1."""

    async def booted(self, model: str, version: str) -> dict[int, int]:
        """Note the station; returns the fallback [W] of each connector that has one."""
        ...

    async def phases_at(self, connector: int) -> int:
        """On how many phases a car there charges."""
        ...

    async def is_heard(self) -> None: ...

    async def has_state(self, connector: int, state: str) -> None: ...

    async def may_charge(self, tag: str) -> bool: ...

    async def began(self, connector: int, reference: str | None, tag: str, at: str, wh: float | None) -> str | None:
        """Note a transaction; returns its reference, the platform's where the station brings none; None where it may not be."""
        ...

    async def ended(self, reference: str, at: str, wh: float | None, reason: str) -> None: ...

    async def measured(self, connector: int, values: Sequence[Mapping[str, Any]], message_id: str) -> None: ...


def _now() -> datetime:
    return datetime.now(UTC)


def _text(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")


class _Told:
    """What both versions share: how an order is carried out and judged."""

    house: House
    running: dict[int, str]
    unit: str | None = None

    async def rate(self, connector: int) -> Rate:
        """In which unit it takes limits, asked once; a station that does not say takes watts."""
        if self.unit is None:
            try:
                async with asyncio.timeout(ASKED_WITHIN_S):
                    self.unit = unit_among(await self.units())
            except OCPPError:
                self.unit = WATTS.unit
            except TimeoutError:
                return WATTS
        if self.unit == WATTS.unit:
            return WATTS
        return Rate(self.unit, await self.house.phases_at(connector))

    async def carry_out(self, order: Mapping[str, Any]) -> LinkAnswer:
        """Set or take away a limit, then read back; never raises for what the station does."""
        connector, limit_w = int(order["connector"]), order["limit_w"]
        try:
            async with asyncio.timeout(float(order["patience_s"])):
                if order["do"] == "limit":
                    refused = await self._limit(connector, limit_w, float(order["holds_s"]))
                    if refused:
                        return LinkAnswer(problem=Problem.REFUSED, detail=refused)
                return await self._read_back(connector, limit_w)
        except TimeoutError:
            return LinkAnswer(problem=Problem.TIMEOUT, detail="the station did not answer")
        except OCPPError as problem:
            return LinkAnswer(problem=Problem.REFUSED, detail=str(problem)[:200])
        except (KeyError, TypeError, ValueError) as problem:
            return LinkAnswer(problem=Problem.MALFORMED, detail=str(problem)[:200])

    async def _limit(self, connector: int, limit_w: int | None, holds_s: float) -> str:
        if limit_w is None:
            await self.clear()
            return ""
        status = await self.set_profile(connector, Place(connector, self.running.get(connector)), limit_w, holds_s)
        return "" if status == "Accepted" else f"the station says {status}"

    async def _read_back(self, connector: int, wanted_w: int | None) -> LinkAnswer:
        try:
            rate = await self.rate(connector)
            schedule = await self.composite(connector, rate)
        except (StationLacksIt, NotSupportedError):
            return LinkAnswer(Measured(), detail="the station cannot tell which limit is in force")
        found = limit_in(schedule, rate.phases)
        if wanted_w is not None and (found is None or not is_obeyed(wanted_w, found)):
            return LinkAnswer(Measured(limit_w=found), Problem.NOT_OBEYED, f"{wanted_w} W were set, {found} W are in force")
        return LinkAnswer(Measured(limit_w=found))

    async def set_profile(self, connector: int, place: Place, limit_w: int, holds_s: float) -> str:
        raise NotImplementedError

    async def units(self) -> str:
        """The units it lists for limits."""
        raise NotImplementedError

    async def clear(self) -> None:
        raise NotImplementedError

    async def composite(self, connector: int, rate: Rate) -> Mapping[str, Any] | None:
        raise NotImplementedError


class _Careful:
    """Bounds on what a station can make us hold or do at once."""

    _response_queue: "asyncio.Queue[Any]"

    async def route_message(self, raw_msg: str) -> None:
        try:
            message = unpack(raw_msg)
        except OCPPError:
            return  # no OCPP: nothing to answer to
        if not isinstance(message, Call) and self._response_queue.qsize() >= MOST_WAITING:
            return
        await super().route_message(raw_msg)  # type: ignore[misc]


class Station16(_Careful, _Told, ChargePoint16):
    """A station that speaks OCPP 1.6."""

    def __init__(self, name: str, connection: Any, house: House) -> None:
        super().__init__(name, connection, response_timeout=10, logger=log)
        self.house, self.running = house, {}

    @on("BootNotification")
    async def on_boot(self, charge_point_vendor: str, charge_point_model: str, **_: Any) -> Any:
        fallbacks = await self.house.booted(f"{charge_point_vendor} {charge_point_model}", "1.6")
        asyncio.get_running_loop().call_soon(_later, self._set_fallbacks(fallbacks))
        return answer16.BootNotification(_text(_now()), HEARTBEAT_S, "Accepted")

    async def _set_fallbacks(self, fallbacks: Mapping[int, int]) -> None:
        for connector, limit_w in fallbacks.items():
            await self.call(call16.SetChargingProfile(connector, fallback_16(limit_w, _now(), await self.rate(connector))))

    @on("Heartbeat")
    async def on_heartbeat(self) -> Any:
        await self.house.is_heard()
        return answer16.Heartbeat(_text(_now()))

    @on("StatusNotification")
    async def on_status(self, connector_id: int, status: str, error_code: str = "", **_: Any) -> Any:
        await self.house.has_state(connector_id, status if error_code in {"", "NoError"} else error_code)
        return answer16.StatusNotification()

    @on("Authorize")
    async def on_authorize(self, id_tag: str, **_: Any) -> Any:
        return answer16.Authorize({"status": "Accepted" if await self.house.may_charge(id_tag) else "Invalid"})

    @on("StartTransaction")
    async def on_start(self, connector_id: int, id_tag: str, meter_start: int, timestamp: str, **_: Any) -> Any:
        reference = await self.house.began(connector_id, None, id_tag, timestamp, meter_start)
        if reference is None:
            return answer16.StartTransaction(0, {"status": "Invalid"})
        self.running[connector_id] = reference
        return answer16.StartTransaction(int(reference), {"status": "Accepted"})

    @on("StopTransaction")
    async def on_stop(self, transaction_id: int, meter_stop: int, timestamp: str, reason: str = "", **_: Any) -> Any:
        await self.house.ended(str(transaction_id), timestamp, meter_stop, reason)
        self.running = {place: kept for place, kept in self.running.items() if kept != str(transaction_id)}
        return answer16.StopTransaction()

    @on("MeterValues")
    async def on_meter_values(self, connector_id: int, meter_value: list[dict[str, Any]], call_unique_id: str, **_: Any) -> Any:
        await self.house.measured(connector_id, meter_value, call_unique_id)
        return answer16.MeterValues()

    @on("DataTransfer")
    async def on_data_transfer(self, **_: Any) -> Any:
        return answer16.DataTransfer("UnknownVendorId")

    @on("FirmwareStatusNotification")
    async def on_firmware(self, **_: Any) -> Any:
        return answer16.FirmwareStatusNotification()

    @on("DiagnosticsStatusNotification")
    async def on_diagnostics(self, **_: Any) -> Any:
        return answer16.DiagnosticsStatusNotification()

    async def set_profile(self, connector: int, place: Place, limit_w: int, holds_s: float) -> str:
        profile = profile_16(place, limit_w, holds_s, _now(), await self.rate(connector))
        answer = await self.call(call16.SetChargingProfile(connector, profile), suppress=False)
        return str(answer.status)

    async def units(self) -> str:
        answer = await self.call(call16.GetConfiguration(key=[RATE_UNITS]), suppress=False)
        return ",".join(str(one.get("value", "")) for one in answer.configuration_key or [])

    async def clear(self) -> None:
        await self.call(call16.ClearChargingProfile(id=PROFILE_LIMIT), suppress=False)

    async def composite(self, connector: int, rate: Rate) -> Mapping[str, Any] | None:
        answer = await self.call(call16.GetCompositeSchedule(connector, 60, rate.unit), suppress=False)
        return answer.charging_schedule if answer.status == "Accepted" else None


class Station201(_Careful, _Told, ChargePoint201):
    """A station that speaks OCPP 2.0.1."""

    def __init__(self, name: str, connection: Any, house: House) -> None:
        super().__init__(name, connection, response_timeout=10, logger=log)
        self.house, self.running = house, {}

    @on("BootNotification")
    async def on_boot(self, charging_station: dict[str, Any], **_: Any) -> Any:
        model = f"{charging_station.get('vendor_name', '')} {charging_station.get('model', '')}"
        fallbacks = await self.house.booted(model, "2.0.1")
        asyncio.get_running_loop().call_soon(_later, self._set_fallbacks(fallbacks))
        return answer201.BootNotification(_text(_now()), HEARTBEAT_S, "Accepted")

    async def _set_fallbacks(self, fallbacks: Mapping[int, int]) -> None:
        for evse, limit_w in fallbacks.items():
            await self.call(call201.SetChargingProfile(evse, fallback_201(limit_w, _now(), await self.rate(evse))))

    @on("Heartbeat")
    async def on_heartbeat(self, **_: Any) -> Any:
        await self.house.is_heard()
        return answer201.Heartbeat(_text(_now()))

    @on("StatusNotification")
    async def on_status(self, evse_id: int, connector_status: str, **_: Any) -> Any:
        await self.house.has_state(evse_id, connector_status)
        return answer201.StatusNotification()

    @on("Authorize")
    async def on_authorize(self, id_token: dict[str, Any], **_: Any) -> Any:
        accepted = await self.house.may_charge(str(id_token.get("id_token", "")))
        return answer201.Authorize({"status": "Accepted" if accepted else "Invalid"})

    @on("TransactionEvent")
    async def on_transaction(
        self,
        event_type: str,
        timestamp: str,
        transaction_info: dict[str, Any],
        call_unique_id: str,
        evse: dict[str, Any] | None = None,
        id_token: dict[str, Any] | None = None,
        meter_value: list[dict[str, Any]] | None = None,
        **_: Any,
    ) -> Any:
        reference, place = str(transaction_info["transaction_id"]), int((evse or {}).get("id", 0))
        place = place or next((at for at, kept in self.running.items() if kept == reference), 1)
        tag = str((id_token or {}).get("id_token", ""))
        accepted = True
        if event_type == "Ended":
            await self.house.ended(reference, timestamp, None, str(transaction_info.get("stopped_reason", "")))
            self.running = {at: kept for at, kept in self.running.items() if kept != reference}
        elif event_type == "Started" or reference not in self.running.values():
            accepted = await self.house.began(place, reference, tag, timestamp, None) is not None
            if accepted:
                self.running[place] = reference
        if meter_value:
            await self.house.measured(place, meter_value, call_unique_id)
        info = {"status": "Accepted" if accepted else "Invalid"} if id_token else None
        return answer201.TransactionEvent(id_token_info=info)

    @on("MeterValues")
    async def on_meter_values(self, evse_id: int, meter_value: list[dict[str, Any]], call_unique_id: str, **_: Any) -> Any:
        await self.house.measured(evse_id, meter_value, call_unique_id)
        return answer201.MeterValues()

    @on("NotifyEvent")
    async def on_event(self, **_: Any) -> Any:
        return answer201.NotifyEvent()

    @on("NotifyReport")
    async def on_report(self, **_: Any) -> Any:
        return answer201.NotifyReport()

    @on("SecurityEventNotification")
    async def on_security_event(self, **_: Any) -> Any:
        return answer201.SecurityEventNotification()

    @on("FirmwareStatusNotification")
    async def on_firmware(self, **_: Any) -> Any:
        return answer201.FirmwareStatusNotification()

    async def set_profile(self, connector: int, place: Place, limit_w: int, holds_s: float) -> str:
        profile = profile_201(place, limit_w, holds_s, _now(), await self.rate(connector))
        answer = await self.call(call201.SetChargingProfile(connector, profile), suppress=False)
        return str(answer.status)

    async def units(self) -> str:
        asked = {"component": {"name": "SmartChargingCtrlr"}, "variable": {"name": "RateUnit"}}
        answer = await self.call(call201.GetVariables([asked]), suppress=False)
        return ",".join(str(one.get("attribute_value", "")) for one in answer.get_variable_result)

    async def clear(self) -> None:
        await self.call(call201.ClearChargingProfile(charging_profile_id=PROFILE_LIMIT), suppress=False)

    async def composite(self, connector: int, rate: Rate) -> Mapping[str, Any] | None:
        answer = await self.call(call201.GetCompositeSchedule(60, connector, rate.unit), suppress=False)
        return answer.schedule if answer.status == "Accepted" else None


_errands: set[asyncio.Task[None]] = set()


def _later(errand: Any) -> None:
    """Begin a call of ours once the answer to theirs is on its way."""
    task = asyncio.get_running_loop().create_task(_quietly(errand))
    _errands.add(task)
    task.add_done_callback(_errands.discard)


async def _quietly(errand: Any) -> None:
    try:
        await errand
    except (OCPPError, TimeoutError, OSError) as problem:
        log.critical("a station did not take its fallback: %s", type(problem).__name__)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the protocol, by the subprotocol's name."""

    subprotocol: str
    station: type[Station16] | type[Station201]


VERSIONS = (Version("ocpp2.0.1", Station201), Version("ocpp1.6", Station16))

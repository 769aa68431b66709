"""OCPP's smart charging in our terms: a limit as a charging profile that ends by itself, and what a charge point says read back.

For OCPP 1.6 (edition 2, section 3.13) and 2.0.1 (part 2, K); field names in snake case, as the library takes them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

STACK_FALLBACK, STACK_LIMIT = 0, 1
PROFILE_FALLBACK, PROFILE_LIMIT = 1, 2
VOLTAGE_V = 230.0
DEFAULT_PHASES = 3
OBEYED_WITHIN = 1.01
REGISTER, POWER = "Energy.Active.Import.Register", "Power.Active.Import"
CURRENT, VOLTAGE = "Current.Import", "Voltage"
PHASES = frozenset({"L1", "L2", "L3", "L1-N", "L2-N", "L3-N"})
FACTORS = {"W": 1.0, "kW": 1000.0, "Wh": 1.0, "kWh": 1000.0}
MOST_SAMPLES = 500
Fields = dict[str, Any]


def _at(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Rate:
    """In which unit a station takes limits: watts, or amperes on so many phases of 230 V where it takes nothing else."""

    unit: str = "W"
    phases: int = DEFAULT_PHASES

    def period(self, limit_w: int) -> Fields:
        """The one period of a schedule; amperes are rounded down to tenths, so that the limit holds."""
        if self.unit == "W":
            return {"start_period": 0, "limit": float(limit_w)}
        tenths = int(limit_w * 10 / (VOLTAGE_V * self.phases) + 1e-9)
        return {"start_period": 0, "limit": tenths / 10, "number_phases": self.phases}


WATTS = Rate()


def unit_among(names: str) -> str:
    """The unit for limits among those that a station lists (1.6: `Current,Power`; 2.0.1: `A,W`); watts unless it takes amperes only."""
    listed = {name.strip() for name in names.split(",")}
    return "A" if listed & {"Current", "A"} and not listed & {"Power", "W"} else "W"


@dataclass(frozen=True, slots=True)
class Place:
    """A connector (1.6) or EVSE (2.0.1), 0 for the whole station; with its running transaction where there is one."""

    number: int
    transaction: str | None = None

    def purpose(self, of_station: str) -> str:
        """A limit that also holds for the car that charges now: that of the station, of the transaction, or of those to come."""
        if self.number == 0:
            return of_station
        return "TxProfile" if self.transaction is not None else "TxDefaultProfile"


def profile_16(place: Place, limit_w: int, holds_s: float, now: datetime, rate: Rate = WATTS) -> Fields:
    """The profile of a limit for OCPP 1.6, from now until its end; after that what stands below it counts again."""
    holds = max(1, round(holds_s))
    purpose = place.purpose("ChargePointMaxProfile")
    found = {
        "charging_profile_id": PROFILE_LIMIT,
        "stack_level": STACK_LIMIT,
        "charging_profile_purpose": purpose,
        "charging_profile_kind": "Absolute",
        "valid_from": _at(now),
        "valid_to": _at(now + timedelta(seconds=holds)),
        "charging_schedule": {
            "duration": holds,
            "start_schedule": _at(now),
            "charging_rate_unit": rate.unit,
            "charging_schedule_period": [rate.period(limit_w)],
        },
    }
    if purpose == "TxProfile" and place.transaction is not None:
        found["transaction_id"] = int(place.transaction)
    return found


def fallback_16(limit_w: int, now: datetime, rate: Rate = WATTS) -> Fields:
    """What a car may draw while no limit stands: below the limits, without an end."""
    return {
        "charging_profile_id": PROFILE_FALLBACK,
        "stack_level": STACK_FALLBACK,
        "charging_profile_purpose": "TxDefaultProfile",
        "charging_profile_kind": "Absolute",
        "charging_schedule": {
            "start_schedule": _at(now),
            "charging_rate_unit": rate.unit,
            "charging_schedule_period": [rate.period(limit_w)],
        },
    }


def profile_201(place: Place, limit_w: int, holds_s: float, now: datetime, rate: Rate = WATTS) -> Fields:
    """The same for OCPP 2.0.1."""
    older = profile_16(Place(place.number), limit_w, holds_s, now, rate)
    purpose = place.purpose("ChargingStationMaxProfile")
    found = _as_201(older, purpose)
    if purpose == "TxProfile":
        found["transaction_id"] = place.transaction
        # 2.0.1 allows no validity for a transaction's own profile (K01.FR.09): its schedule's duration is its end.
        del found["valid_from"], found["valid_to"]
    return found


def fallback_201(limit_w: int, now: datetime, rate: Rate = WATTS) -> Fields:
    """The same for OCPP 2.0.1."""
    return _as_201(fallback_16(limit_w, now, rate), "TxDefaultProfile")


def _as_201(older: Mapping[str, Any], purpose: str) -> Fields:
    schedule = {"id": older["charging_profile_id"], **older["charging_schedule"]}
    kept = {name: older[name] for name in ("stack_level", "charging_profile_kind", "valid_from", "valid_to") if name in older}
    return {"id": older["charging_profile_id"], "charging_profile_purpose": purpose, "charging_schedule": [schedule], **kept}


def limit_in(schedule: Mapping[str, Any] | None, phases: int = DEFAULT_PHASES) -> float | None:
    """The limit [W] with which a composite schedule begins; currents at 230 V on the phases it names, `phases` if none."""
    periods = (schedule or {}).get("charging_schedule_period") or []
    if not periods or not isinstance(periods[0], Mapping):
        return None
    limit = float(periods[0]["limit"])
    if (schedule or {}).get("charging_rate_unit") == "A":
        return limit * VOLTAGE_V * int(periods[0].get("number_phases") or phases)
    return limit


def is_obeyed(wanted_w: int, read_w: float) -> bool:
    """Whether a limit that was read back keeps the one that was sent; a lower one of the station's own does too."""
    return read_w <= wanted_w * OBEYED_WITHIN + 1


def power_in(meter_value: Sequence[Mapping[str, Any]], phases: int = DEFAULT_PHASES) -> float | None:
    """The newest power that a car draws [W]: of all phases together, else their sum, else currents times voltages; None where none is told.

    Args:
        phases: on how many a current counts that names none.
    """
    for value in reversed(meter_value):
        whole, by_phase = _by_phase(value.get("sampled_value", []), POWER)
        if whole is not None:
            return whole
        if by_phase:
            return sum(by_phase.values())
        apparent = _from_currents(value.get("sampled_value", []), phases)
        if apparent is not None:
            return apparent
    return None


def _by_phase(samples: Sequence[Mapping[str, Any]], measurand: str) -> tuple[float | None, dict[str, float]]:
    """What is told of all phases together, and of each."""
    whole, phases = None, {}
    for sampled in samples:
        if sampled.get("measurand") != measurand:
            continue
        phase = sampled.get("phase")
        if phase is None:
            whole = amount_of(sampled)
        elif str(phase) in PHASES:
            phases[str(phase)[:2]] = amount_of(sampled)
    return whole, phases


def _from_currents(samples: Sequence[Mapping[str, Any]], phases: int) -> float | None:
    """Stations with an ammeter only: current times voltage on each phase, at 230 V where no voltage is told."""
    whole, currents = _by_phase(samples, CURRENT)
    one_volt, volts = _by_phase(samples, VOLTAGE)
    anywhere = one_volt if one_volt is not None else VOLTAGE_V
    if currents:
        return sum(amps * volts.get(phase, anywhere) for phase, amps in currents.items())
    if whole is None:
        return None
    mean = sum(volts.values()) / len(volts) if volts else anywhere
    return whole * mean * phases


def amount_of(sampled: Mapping[str, Any]) -> float:
    """A sampled value in W, Wh, A or V; 1.6 names a unit, 2.0.1 a unit and a power of ten."""
    unit = sampled.get("unit_of_measure") or {}
    name = sampled.get("unit") or unit.get("unit") or "Wh"
    return float(sampled["value"]) * FACTORS.get(str(name), 1.0) * 10.0 ** int(unit.get("multiplier") or 0)


def registers_in(station: str, connector: int, meter_value: Sequence[Mapping[str, Any]]) -> Fields | None:
    """The cumulative registers of a message as a gateway hands them in (OCPP 1.6 `MeterValues.req`); None where it has none."""
    values = []
    for value in meter_value[:MOST_SAMPLES]:
        sampled = [
            {"value": str(amount_of(one)), "measurand": REGISTER, "unit": "Wh"}
            for one in value.get("sampled_value", [])
            if one.get("measurand", REGISTER) == REGISTER and one.get("phase") is None
        ]
        if sampled:
            values.append({"timestamp": value["timestamp"], "sampledValue": sampled})
    return {"chargePointId": station, "connectorId": connector, "meterValue": values} if values else None

"""What accepting a message needs to know of its device, in few statements for many devices."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from energy.adapters.array_literals import byte_strings, whole_numbers
from energy.models.devices import DeviceStatus


@dataclass(frozen=True, slots=True)
class IntakeDevice:
    """A device as it stands, locked; it serves a meter or a sensor."""

    pk: int
    name: str
    microgrid_id: int
    is_enrolled: bool
    encrypts: bool
    last_counter: int
    meter_id: int | None
    meter_kind: str | None
    register_limit_wh: int
    sensor_id: int | None
    sensor_kind: str | None
    counts_reactive: bool


def lock_devices(device_ids: Iterable[int]) -> dict[int, IntakeDevice]:
    """Lock devices in the order of their ids, as closing a day does; returns them by id."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT d.id, d.name, d.microgrid_id, d.status = %s, d.encrypts, d.last_counter, d.meter_id, m.kind,
                      coalesce(m.register_limit_wh, 0), d.sensor_id, s.kind,
                      m.reactive_from IS NOT NULL
               FROM energy_device d LEFT JOIN energy_meter m ON m.id = d.meter_id
                    LEFT JOIN energy_sensor s ON s.id = d.sensor_id
               WHERE d.id = ANY(%s::bigint[]) ORDER BY d.id FOR UPDATE OF d""",
            [DeviceStatus.ENROLLED, whole_numbers(device_ids)],
        )
        return {row[0]: IntakeDevice(*row) for row in cursor.fetchall()}


def revoked_keys(key_ids: Iterable[bytes]) -> set[bytes]:
    """Which of the keys no longer count."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key_id FROM energy_devicekey WHERE key_id = ANY(%s::bytea[]) AND revoked_at IS NOT NULL", [byte_strings(key_ids)]
        )
        return {bytes(key_id) for (key_id,) in cursor.fetchall()}

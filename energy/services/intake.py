"""Holding intake: whoever writes meter days beside it does so one at a time, while messages wait."""

from django.db import connection


def hold_intake(*, microgrid_id: int) -> None:
    """Keep a microgrid's meter days to the caller's transaction: to be taken before its reviews and meter days are locked.

    Messages wait: what came in between reading and writing would be overwritten. Intake locks the same gateways and devices in the same
    order; meters without a device are kept by the lock that bears the microgrid's name.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"meter days {microgrid_id}"])
        for table in ("energy_gateway", "energy_device"):
            cursor.execute(f"SELECT id FROM {table} WHERE microgrid_id = %s ORDER BY id FOR UPDATE", [microgrid_id])

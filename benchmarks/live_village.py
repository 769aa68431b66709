"""The demo network with many people who watch it, each logged in; and what one tick of it says."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils.crypto import get_random_string

from benchmarks.powerflow import FOLDER
from energy.adapters.live_store import LiveSample, write_samples
from energy.models import Meter, Microgrid
from energy.models.meters import MeterKind
from energy.services.import_simbench import import_network
from grid.selectors.states import latest_state
from grid.services.control import run_tick
from members.models import Cooperative, Membership, Role, User

BACKEND = "django.contrib.auth.backends.ModelBackend"


def make_watchers(count: int) -> tuple[Microgrid, list[str]]:
    """The network, and the keys of `count` sessions of as many members."""
    cooperative = Cooperative.objects.create(slug="watched", name="Watched eG")
    report = import_network(folder=FOLDER, cooperative=cooperative, slug="watched", name="Watched", time_zone="Europe/Berlin")
    users = User.objects.bulk_create(User(email=f"watcher-{n}@example.org", password=f"!{get_random_string(40)}") for n in range(count))
    Membership.objects.bulk_create(Membership(user=user, cooperative=cooperative, role=Role.AUDITOR) for user in users)
    store = SessionStore()
    rows = [
        Session(
            session_key=get_random_string(32),
            expire_date=datetime.now(UTC) + timedelta(days=1),
            session_data=store.encode(
                {SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: BACKEND, HASH_SESSION_KEY: user.get_session_auth_hash()}
            ),
        )
        for user in users
    ]
    Session.objects.bulk_create(rows)
    return report.microgrid, [row.session_key for row in rows]


def tick_message(microgrid: Microgrid) -> dict[str, Any]:
    """What those who watch hear of one real tick at noon."""
    now = datetime.now(UTC)
    samples = {}
    for meter in Meter.objects.filter(microgrid=microgrid).select_related("storage"):
        values = {"import_w": 800.0, "export_w": 0.0}
        if meter.kind == MeterKind.SOURCE:
            values = {"production_w": 5200.0}
        elif meter.storage is not None:
            values = {"charge_w": 0.0, "discharge_w": 0.0, "soc_wh": meter.storage.capacity_wh / 2}
        samples[meter.pk] = LiveSample(now.timestamp(), values)
    write_samples({microgrid.pk: samples})
    if run_tick(microgrid=microgrid, now=now) is None:
        raise AssertionError("no tick ran")
    found = latest_state(microgrid)
    assert found is not None
    return found

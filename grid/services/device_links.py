"""Devices behind links: their keys, how a conversation with them went, and reading from those that we call."""

import hashlib
import hmac
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.conf import settings
from django.db import transaction

from energy.models import Microgrid
from grid.adapters.ocpp_link import OcppLink
from grid.adapters.sunspec_link import SunSpecLink
from grid.domain.devices.links import Link, LinkAnswer, Measured
from grid.models import DeviceLink, LinkProtocol

MOST_AT_ONCE = 16  # conversations of one process; each is bounded in time by its link


def open_link(row: DeviceLink) -> Link:
    """The adapter of a link."""
    if row.protocol == LinkProtocol.SUNSPEC:
        return SunSpecLink(
            str(row.address), row.port, row.unit_id, row.storage_id is not None, settings.DEVICE_NETWORKS, settings.DEVICE_PATIENCE_S
        )
    if row.protocol == LinkProtocol.OCPP:
        return OcppLink(row.station, row.connector, settings.DEVICE_PATIENCE_S)
    raise ValueError(f"{row.get_protocol_display()} has no set-points")


@transaction.atomic
def record_answer(*, link_id: int, answer: LinkAnswer, now: datetime) -> None:
    """Write down how a conversation went: contact and what was read, or the problem and since when."""
    row = DeviceLink.objects.select_for_update(of=("self",)).filter(pk=link_id).first()
    if row is None:
        return
    if answer.measured is not None:
        _keep_measured(row, answer.measured)
        row.last_contact_at = now
    if answer.problem is None:
        row.problem, row.problem_detail, row.problem_since, row.failures = "", answer.detail[:200], None, 0
        row.last_contact_at = now
    else:
        row.problem_since = row.problem_since if row.problem == answer.problem else now
        row.problem, row.problem_detail, row.failures = answer.problem, answer.detail[:200], row.failures + 1
    row.save()


def _keep_measured(row: DeviceLink, measured: Measured) -> None:
    row.read_charge_w, row.read_discharge_w = measured.charge_w, measured.discharge_w
    row.read_limit_w, row.read_soc_share = measured.limit_w, measured.soc_share
    row.state = measured.state[:40]


def read_links(*, microgrid: Microgrid, now: datetime) -> int:
    """Ask each device that we call what it does; returns how many answered."""
    rows = list(DeviceLink.objects.filter(microgrid=microgrid, is_enabled=True, protocol=LinkProtocol.SUNSPEC).order_by("pk"))
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        answers = list(pool.map(lambda row: open_link(row).read(), rows))
    for row, answer in zip(rows, answers, strict=True):
        record_answer(link_id=row.pk, answer=answer, now=now)
    return sum(answer.is_done for answer in answers)


def give_key(*, link: DeviceLink) -> str:
    """Give the device of a link a new key, shown once; the one before ends at once. As long as OCPP 1.6 allows: 20 bytes."""
    key = secrets.token_hex(20)
    DeviceLink.objects.filter(pk=link.pk).update(key_sha256=digest_of(key), key_hint=key[:6])
    return key


def digest_of(key: str) -> str:
    """Keys are 160 random bits: a plain hash cannot be guessed backwards."""
    return hashlib.sha256(key.encode()).hexdigest()


def link_of_key(*, protocol: str, station: str, key: str) -> DeviceLink | None:
    """The enabled link whose device calls under this name with its key; None where there is none."""
    if not key:
        return None
    rows = DeviceLink.objects.filter(protocol=protocol, station=station, is_enabled=True).exclude(key_sha256="")
    return next((row for row in rows if hmac.compare_digest(row.key_sha256, digest_of(key))), None)

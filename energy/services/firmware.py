"""Firmware: released for a model, offered to a share of its devices, halted by itself when too many fail."""

import hashlib
import json
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from energy.adapters.firmware_repository import FirmwareRepository
from energy.domain.enrolment import CannotEnrol, check_words, firmware_statement, is_signed
from energy.domain.firmware import CannotRelease, folder_of, has_failed_too_often, is_newer, version_of
from energy.models import Device, DeviceEventKind, FirmwareOutcome, FirmwareRelease
from energy.models.devices import DeviceStatus
from energy.services.device_log import log_event
from members.models import Cooperative, User

LARGEST_IMAGE_BYTES = 16 << 20
RELEASES = "releases.json"
REPORT_TOLERANCE = timedelta(minutes=15)
RUNNING, FAILED = "running", "failed"
OUTCOMES = [(RUNNING, RUNNING), (FAILED, FAILED)]


def repository() -> FirmwareRepository:
    """The installation's update repository."""
    return FirmwareRepository(settings.FIRMWARE_DIR, settings.VAR_DIR / "secrets")


@transaction.atomic
def add_release(
    *,
    cooperative: Cooperative,
    model: str,
    version: str,
    image: bytes,
    percent: int,
    failure_limit_percent: int,
    now: datetime,
    by: User | None,
) -> FirmwareRelease:
    """Release a version for a model; it has to be newer than every one before. `now` is real time.

    Raises:
        CannotRelease: the version is not newer, or the image is empty or too large.
    """
    Cooperative.objects.select_for_update(no_key=True).get(pk=cooperative.pk)  # one release after the other
    check_release(cooperative=cooperative, model=model, version=version, image=image)
    release = FirmwareRelease.objects.create(
        cooperative=cooperative,
        model=model,
        version=version,
        image=image,
        sha256=hashlib.sha256(image).hexdigest(),
        percent=percent,
        failure_limit_percent=failure_limit_percent,
        made_at=now,
        made_by=by,
    )
    transaction.on_commit(lambda: publish_firmware(now=now))
    return release


def check_release(*, cooperative: Cooperative, model: str, version: str, image: bytes) -> None:
    """Check whether a version can be released.

    Raises:
        CannotRelease: see `add_release`.
    """
    version_of(version)
    if not 0 < len(image) <= LARGEST_IMAGE_BYTES:
        raise CannotRelease(f"the image has {len(image)} bytes; 1 to {LARGEST_IMAGE_BYTES} are possible")
    for before in FirmwareRelease.objects.filter(cooperative=cooperative, model=model).only("version"):
        if not is_newer(version, before.version):
            raise CannotRelease(f"{version} is not newer than {before.version}: devices take no older version")


@transaction.atomic
def widen_rollout(*, release: FirmwareRelease, percent: int, now: datetime) -> None:
    """Offer a version to more devices.

    Raises:
        CannotRelease: the roll-out was halted, or the share is smaller than before.
    """
    release = FirmwareRelease.objects.select_for_update(of=("self",)).get(pk=release.pk)
    if release.halted_at is not None:
        raise CannotRelease("the roll-out was halted: release a new version")
    if not release.percent <= percent <= 100:
        raise CannotRelease(f"the share lies between {release.percent} and 100 %")
    FirmwareRelease.objects.filter(pk=release.pk).update(percent=percent)
    transaction.on_commit(lambda: publish_firmware(now=now))


@transaction.atomic
def halt_rollout(*, release: FirmwareRelease, because: str, now: datetime) -> bool:
    """Offer a version to nobody any more. False where it was halted already."""
    changed = FirmwareRelease.objects.filter(pk=release.pk, halted_at__isnull=True).update(halted_at=now, halted_because=because[:200])
    if changed:
        transaction.on_commit(lambda: publish_firmware(now=now))
    return bool(changed)


@transaction.atomic
def report_firmware(*, device: Device, version: str, outcome: str, at: datetime, signature: bytes, now: datetime) -> None:
    """Take a device's word on its firmware, signed; `at` is its time by the microgrid's clock, `now` is real time.

    A failure counts against the roll-out, which halts itself when its limit is passed.

    Raises:
        CannotEnrol: `revoked_key`, `bad_signature`, `clock`, `firmware_version`.
    """
    check_words("", version)
    device = Device.objects.select_for_update(of=("self",)).select_related("microgrid").get(pk=device.pk)
    key = device.keys.filter(revoked_at__isnull=True).order_by("-valid_from").first()
    if key is None or device.status != DeviceStatus.ENROLLED:
        raise CannotEnrol("revoked_key", "the device has no valid key")
    statement = firmware_statement(device_name=device.name, version=version, outcome=outcome, at=int(at.timestamp()))
    if not is_signed(bytes(key.public_key), signature, statement):
        raise CannotEnrol("bad_signature", "the report is not signed by the device's key")
    if abs(device.microgrid.now(now) - at) > REPORT_TOLERANCE:
        raise CannotEnrol("clock", "the report is not of now")
    _note(device, version, outcome == RUNNING, now)


def _note(device: Device, version: str, succeeded: bool, now: datetime) -> None:
    release = (
        FirmwareRelease.objects.select_for_update(of=("self",))
        .filter(cooperative_id=device.microgrid.cooperative_id, model=device.model, version=version)
        .first()
    )
    if succeeded and device.firmware_version != version:
        went_back = "" if is_newer(version, device.firmware_version) else ", which is older"
        log_event(
            device=device,
            kind=DeviceEventKind.FIRMWARE,
            now=now,
            detail=f"runs {version} after {device.firmware_version or 'an unknown version'}{went_back}",
        )
        Device.objects.filter(pk=device.pk).update(firmware_version=version)
    if not succeeded:
        log_event(device=device, kind=DeviceEventKind.FIRMWARE_FAILED, now=now, detail=version)
    if release is None:
        return
    FirmwareOutcome.objects.update_or_create(device=device, release=release, defaults={"succeeded": succeeded, "reported_at": now})
    if not succeeded:
        _halt_when_too_many_fail(release, now)


def _halt_when_too_many_fail(release: FirmwareRelease, now: datetime) -> None:
    tried = release.outcomes.count()
    failed = release.outcomes.filter(succeeded=False).count()
    if has_failed_too_often(tried=tried, failed=failed, limit_percent=release.failure_limit_percent):
        halt_rollout(release=release, because=f"{failed} of {tried} that tried have failed", now=now)


def publish_firmware(*, now: datetime) -> None:
    """Write the repository anew from the releases: images, and per model a list of versions with their shares. `now` is real."""
    with transaction.atomic():
        _alone()
        files: dict[str, bytes] = {}
        lists: dict[str, list[dict[str, object]]] = {}
        for release in FirmwareRelease.objects.select_related("cooperative").order_by("pk"):
            folder = folder_of(release.cooperative.slug, release.model)
            target = f"{folder}/{release.version}.bin"
            offered = 0 if release.halted_at else release.percent
            if offered:
                files[target] = bytes(release.image)
            lists.setdefault(folder, []).append(
                {"version": release.version, "target": target, "percent": offered, "halted": release.halted_at is not None}
            )
        files |= {f"{folder}/{RELEASES}": json.dumps(rows).encode() for folder, rows in lists.items()}
        repository().publish(files, now=now)


def refresh_firmware(*, now: datetime) -> None:
    """Sign anew that what is offered is current, before the signatures run out. `now` is real time."""
    with transaction.atomic():
        _alone()
        repository().refresh(now=now)


def _alone() -> None:
    """One writer of the repository at a time, also over several hosts that share its folder."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('firmware repository'))")

"""The update repository, through the eyes of TUF's own client: fetched and verified, tampered and old metadata refused."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from tuf.api.exceptions import BadVersionNumberError, RepositoryError
from tuf.ngclient import Updater

from energy.adapters.firmware_repository import FirmwareRepository
from energy.domain.enrolment import firmware_statement
from energy.domain.firmware import CannotRelease, is_newer, is_offered
from energy.models import Device, DeviceEvent, FirmwareRelease
from energy.services.firmware import add_release, refresh_firmware, repository, widen_rollout
from tests.integration.energy.conftest import Sender

MODEL = "example-1"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def home(tmp_path: Path, settings: Any) -> Path:
    settings.VAR_DIR, settings.FIRMWARE_DIR = tmp_path, tmp_path / "firmware"
    cache.clear()
    return tmp_path


@pytest.fixture
def release(home: Path, sender: Sender) -> Callable[..., FirmwareRelease]:
    def make(version: str, percent: int = 100, **more: Any) -> FirmwareRelease:
        return add_release(
            cooperative=sender.microgrid.cooperative,
            model=MODEL,
            version=version,
            image=f"image {version}".encode(),
            percent=percent,
            failure_limit_percent=10,
            now=timezone.now(),
            by=None,
            **more,
        )

    return make


class DeviceUpdater:
    """What a device does: it keeps the root from its factory, verifies, and takes what is newer and offered to it."""

    def __init__(self, folder: Path, server: LiveServer, root: bytes, cooperative: str) -> None:
        self._folder, self._server, self._root, self._path = folder, server, root, f"{cooperative}/{MODEL}"
        for name in ("metadata", "targets"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def _updater(self) -> Updater:
        has_root = (self._folder / "metadata" / "root.json").exists()
        return Updater(
            str(self._folder / "metadata"),
            f"{self._server.url}/firmware/metadata/",
            str(self._folder / "targets"),
            f"{self._server.url}/firmware/targets/",
            bootstrap=None if has_root else self._root,
        )

    def fetch(self, name: str, runs: str) -> bytes | None:
        """The newest image for a device of that name that runs a version, or None."""
        updater = self._updater()
        updater.refresh()
        info = updater.get_targetinfo(f"{self._path}/releases.json")
        assert info is not None
        rows = json.loads(Path(updater.download_target(info, str(self._folder / "releases.json"))).read_bytes())
        for row in reversed(rows):
            if is_newer(row["version"], runs) and is_offered(device_name=name, version=row["version"], percent=row["percent"]):
                target = updater.get_targetinfo(row["target"])
                assert target is not None
                return Path(updater.download_target(target, str(self._folder / "image"))).read_bytes()
        return None


@pytest.fixture
def updater(home: Path, sender: Sender, live_server: LiveServer) -> Callable[[str], DeviceUpdater]:
    return lambda name: DeviceUpdater(home / name, live_server, repository().root_bytes(), sender.microgrid.cooperative.slug)


def test_a_device_takes_what_is_newer_and_never_what_is_older(release: Any, updater: Any, sender: Sender) -> None:
    release("1.4.0")
    release("1.5.0", percent=0)
    device = updater("one")
    assert device.fetch(sender.device.name, runs="1.3.0") == b"image 1.4.0"
    assert device.fetch(sender.device.name, runs="1.4.0") is None
    widen_rollout(release=FirmwareRelease.objects.get(version="1.5.0"), percent=100, now=timezone.now())
    assert device.fetch(sender.device.name, runs="1.4.0") == b"image 1.5.0"
    with pytest.raises(CannotRelease, match=r"1\.4\.9 is not newer than 1\.5\.0"):
        release("1.4.9")


def test_tampered_files_and_older_metadata_are_refused(release: Any, updater: Any, sender: Sender, home: Path) -> None:
    release("1.4.0")
    device = updater("one")
    assert device.fetch(sender.device.name, runs="1.3.0")
    metadata, targets = home / "firmware" / "metadata", home / "firmware" / "targets"
    old = (metadata / "timestamp.json").read_bytes()
    release("1.5.0")
    assert device.fetch(sender.device.name, runs="1.4.0") == b"image 1.5.0"
    new = (metadata / "timestamp.json").read_bytes()
    (metadata / "timestamp.json").write_bytes(old)
    with pytest.raises(BadVersionNumberError):
        device.fetch(sender.device.name, runs="1.4.0")
    (metadata / "timestamp.json").write_bytes(new.replace(b'"version": 2', b'"version": 3'))
    with pytest.raises(RepositoryError):
        device.fetch(sender.device.name, runs="1.4.0")
    (metadata / "timestamp.json").write_bytes(new)
    for image in targets.rglob("*.1.5.0.bin"):
        image.write_bytes(b"image 1.6.6")
    with pytest.raises(RepositoryError):
        updater("two").fetch(sender.device.name, runs="1.4.0")


def test_an_unknown_signer_convinces_nobody(release: Any, updater: Any, sender: Sender, home: Path) -> None:
    release("1.4.0")
    device = updater("one")
    assert device.fetch(sender.device.name, runs="1.3.0")
    forger = FirmwareRepository(home / "firmware", home / "forged-secrets")
    forger.publish({f"{sender.microgrid.cooperative.slug}/{MODEL}/releases.json": b"[]"}, now=timezone.now())
    with pytest.raises(RepositoryError):
        device.fetch(sender.device.name, runs="1.3.0")


def test_signatures_are_renewed_before_they_run_out(release: Any, updater: Any, sender: Sender) -> None:
    release("1.4.0")
    refresh_firmware(now=timezone.now() + timedelta(days=1))
    assert updater("one").fetch(sender.device.name, runs="1.3.0") == b"image 1.4.0"
    kept = repository().metadata
    assert b'"version": 2' in (kept / "timestamp.json").read_bytes()
    assert not (kept / "2.snapshot.json").exists()
    refresh_firmware(now=timezone.now() + timedelta(days=10))
    assert (kept / "2.snapshot.json").exists()
    assert not (kept / "2.targets.json").exists()
    refresh_firmware(now=timezone.now() + timedelta(days=60))
    assert (kept / "2.targets.json").exists()
    refresh_firmware(now=timezone.now() + timedelta(days=320))
    assert (kept / "2.root.json").exists()


def report(sender: Sender, version: str, outcome: str, **changes: Any) -> int:
    at = int(sender.microgrid.now(timezone.now()).timestamp())
    statement = firmware_statement(device_name=sender.device.name, version=version, outcome=outcome, at=at)
    body = {
        "device": sender.device.name,
        "version": version,
        "result": outcome,
        "at": at,
        "signature": sender.key.sign(statement).hex(),
        **changes,
    }
    return Client().post("/api/v1/devices/firmware/", json.dumps(body), content_type="application/json").status_code


def test_a_rollout_halts_itself_when_too_many_fail(release: Any, updater: Any, senders: dict[str, list[Sender]], home: Path) -> None:
    Device.objects.update(model=MODEL, firmware_version="1.3.0")
    made, devices = release("1.4.0"), senders["site"][:3]
    assert report(devices[0], "1.4.0", "running") == 204
    assert report(devices[1], "1.4.0", "failed") == 204
    made.refresh_from_db()
    assert made.halted_at is None
    assert report(devices[2], "1.4.0", "failed") == 204
    made.refresh_from_db()
    assert made.halted_because == "2 of 3 that tried have failed"
    assert updater("one").fetch(devices[1].device.name, runs="1.3.0") is None
    with pytest.raises(CannotRelease, match="halted"):
        widen_rollout(release=made, percent=100, now=timezone.now())
    assert Device.objects.get(pk=devices[0].device.pk).firmware_version == "1.4.0"
    assert DeviceEvent.objects.filter(kind="firmware_failed").count() == 2
    assert report(devices[0], "1.4.0", "running", device=devices[1].device.name) == 403
    late = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())
    statement = firmware_statement(device_name=devices[0].device.name, version="1.4.0", outcome="failed", at=late)
    assert report(devices[0], "1.4.0", "failed", at=late, signature=devices[0].key.sign(statement).hex()) == 422


def test_only_files_of_the_repository_are_served(release: Any, home: Path) -> None:
    release("1.4.0")
    for path in ("metadata/../../secrets/firmware-root.key", "targets/.hidden", "metadata/none.json", "secrets/x"):
        assert Client().get(f"/firmware/{path}").status_code == 404
    assert Client().get("/firmware/metadata/timestamp.json")["Cache-Control"] == "no-cache"

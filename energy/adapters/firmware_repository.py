"""An update repository after The Update Framework (TUF 1.0): files that a client verifies without trusting who serves them.

Four roles, each with a key of its own in the secrets folder: root names the keys, targets names the files, snapshot and
timestamp say which of it is current. The root key is needed only when keys change or root runs out: keep it elsewhere.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

from kernel.whole_files import write_whole

LIVES = {"root": timedelta(days=365), "targets": timedelta(days=90), "snapshot": timedelta(days=14), "timestamp": timedelta(days=2)}
RENEW_ROOT_BEFORE = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class FirmwareRepository:
    """The repository in `folder` (metadata/ and targets/), with its keys in `secrets`."""

    folder: Path
    secrets: Path

    @property
    def metadata(self) -> Path:
        return self.folder / "metadata"

    @property
    def targets(self) -> Path:
        return self.folder / "targets"

    def publish(self, files: Mapping[str, bytes], *, now: datetime) -> None:
        """Offer exactly `files` by their paths; new versions of all metadata are signed, the timestamp last.

        A client that fetches meanwhile sees the old state or the new one.
        """
        self._ensure_root(now)
        targets = self._next(Targets, now)
        targets.signed.targets = {}
        for path, data in sorted(files.items()):
            target = TargetFile.from_data(path, data, ["sha256"])
            targets.signed.targets[path] = target
            place = (self.targets / path).with_name(f"{target.hashes['sha256']}.{Path(path).name}")
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                write_whole(place, data)
        self._sign_and_keep(targets)
        self._publish_snapshot(targets.signed.version, now)

    def refresh(self, *, now: datetime) -> None:
        """Say again that what is offered is current; nothing where nothing was ever published."""
        if not (self.metadata / "timestamp.json").exists():
            return
        self._ensure_root(now)
        newest = self._newest("targets")
        if newest.signed.expires - now < LIVES["targets"] / 2:
            newest.signed.version += 1
            newest.signed.expires = now.replace(microsecond=0) + LIVES["targets"]
            self._sign_and_keep(newest)
        snapshot = self._newest("snapshot")
        if snapshot.signed.meta["targets.json"].version != newest.signed.version or (snapshot.signed.expires - now < LIVES["snapshot"] / 2):
            self._publish_snapshot(newest.signed.version, now)
        else:
            self._publish_timestamp(snapshot.signed.version, now)

    def root_bytes(self) -> bytes:
        """The first root: what is put into a device at the factory."""
        return (self.metadata / "1.root.json").read_bytes()

    def _publish_snapshot(self, targets_version: int, now: datetime) -> None:
        snapshot = self._next(Snapshot, now)
        snapshot.signed.meta = {"targets.json": MetaFile(version=targets_version)}
        self._sign_and_keep(snapshot)
        self._publish_timestamp(snapshot.signed.version, now)

    def _publish_timestamp(self, snapshot_version: int, now: datetime) -> None:
        timestamp = self._next(Timestamp, now)
        timestamp.signed.snapshot_meta = MetaFile(version=snapshot_version)
        self._sign_and_keep(timestamp)

    def _ensure_root(self, now: datetime) -> None:
        """A first root, or a renewed one when it runs out and its key is here."""
        self.metadata.mkdir(parents=True, exist_ok=True)
        if self._version("root"):
            root = self._newest("root")
            if root.signed.expires - now > RENEW_ROOT_BEFORE or not self._key_path("root").exists():
                return
            root.signed.version += 1
        else:
            root = Metadata(Root(version=1))
            for role in LIVES:
                root.signed.add_key(self._signer(role).public_key, role)
        root.signed.expires = now.replace(microsecond=0) + LIVES["root"]
        self._sign_and_keep(root)

    def _next(self, kind: type[Targets] | type[Snapshot] | type[Timestamp], now: datetime) -> Metadata:
        """Empty metadata of a role with its next version."""
        role = kind.type
        return Metadata(kind(version=self._version(role) + 1, expires=now.replace(microsecond=0) + LIVES[role]))

    def _version(self, role: str) -> int:
        """The newest version kept; 0 where there is none."""
        if role == "timestamp":
            path = self.metadata / "timestamp.json"
            return json.loads(path.read_bytes())["signed"]["version"] if path.exists() else 0
        return max((int(path.name.split(".")[0]) for path in self.metadata.glob(f"*.{role}.json")), default=0)

    def _newest(self, role: str) -> Metadata:
        return Metadata.from_file(str(self.metadata / f"{self._version(role)}.{role}.json"))

    def _sign_and_keep(self, metadata: Metadata) -> None:
        role = metadata.signed.type
        metadata.sign(self._signer(role))
        name = f"{role}.json" if role == "timestamp" else f"{metadata.signed.version}.{role}.json"
        write_whole(self.metadata / name, metadata.to_bytes(JSONSerializer()))

    def _key_path(self, role: str) -> Path:
        return self.secrets / f"firmware-{role}.key"

    def _signer(self, role: str) -> CryptoSigner:
        """The role's key, made at its first use."""
        path = self._key_path(role)
        if not path.exists():
            self.secrets.mkdir(parents=True, exist_ok=True)
            write_whole(path, CryptoSigner.generate_ed25519().private_bytes, mode=0o600)
        return CryptoSigner(serialization.load_pem_private_key(path.read_bytes(), None))

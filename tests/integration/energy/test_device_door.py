"""The broker's door for devices: mutual TLS with our own certificates, each device to its own topics, revoked ones at once out."""

import asyncio
import getpass
import io
import shutil
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings as project
from django.core.management import call_command
from django.utils import timezone

from energy.domain.certificates import CannotCertify, certify_device, found_authority
from energy.domain.enrolment import certificate_statement
from energy.models import Device
from energy.selectors.broker import broker_address
from energy.services.broker_files import refresh_broker_files
from energy.services.certificates import issue_certificate
from energy.services.devices import revoke_device
from microgrid_site.embedded import broker as embedded_broker
from microgrid_site.embedded.processes import Running, free_port
from tests.integration.energy.conftest import Sender

PATIENCE_S = 20.0


@dataclass
class Paper:
    """A device's certificate and key as files."""

    device: Device
    certificate: Path
    key: Path


@pytest.fixture
def house(tmp_path: Path, settings: Any) -> Iterator[Running]:
    """A broker of its own, in a folder of its own."""
    settings.VAR_DIR, settings.BROKER_DIR = tmp_path, tmp_path / "broker"
    for name in ("run", "log"):
        (tmp_path / name).mkdir()
    running = embedded_broker.start(tmp_path, tmp_path / "run")
    yield running
    running.stop()


def paper_for(sender: Sender, folder: Path) -> Paper:
    """A certificate for a device's TLS key, got as a device gets it."""
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    pem = request.public_bytes(serialization.Encoding.PEM)
    signature = sender.key.sign(certificate_statement(device_name=sender.device.name, csr=pem))
    row = issue_certificate(device=sender.device, request=pem, signature=signature, now=timezone.now())
    return keep(folder, sender.device, row.certificate_pem, key)


def keep(folder: Path, device: Device, certificate_pem: str, key: ec.EllipticCurvePrivateKey) -> Paper:
    made = Paper(device, folder / f"{device.pk}.pem", folder / f"{device.pk}.key")
    made.certificate.write_text(certificate_pem)
    made.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return made


def client(paper: Paper | None, name: str, *, patience_s: float = 5.0, **more: Any) -> aiomqtt.Client:
    """A device's client at the door."""
    context = ssl.create_default_context(cafile=project.BROKER_DIR / "authorities.pem")
    if paper:
        context.load_cert_chain(paper.certificate, paper.key)
    port = int(broker_address().rsplit(":", 1)[1])
    return aiomqtt.Client("localhost", port, identifier=name, tls_context=context, timeout=patience_s, **more)


def inside(url: str) -> aiomqtt.Client:
    """The platform's own client."""
    address, password = url.rsplit("@", 1)[1], url.rsplit(":", 2)[1].split("@")[0]
    host, port = address.split(":")
    return aiomqtt.Client(host, int(port), username="microgrid", password=password, identifier="house")


async def until_open(paper: Paper) -> None:
    """Wait until the door has taken up its files."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            async with client(paper, paper.device.name, patience_s=1.0):
                return
        except aiomqtt.MqttError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)


async def lets_in(paper: Paper | None, name: str) -> bool:
    try:
        async with client(paper, name, patience_s=1.0) as there:
            await there.publish("telemetry/nobody", b"", qos=0)
            return True
    except (aiomqtt.MqttError, ssl.SSLError, OSError):
        return False


@pytest.mark.django_db(transaction=True)
def test_each_device_speaks_and_hears_for_itself_alone(house: Running, senders: Any, tmp_path: Path) -> None:
    one, other = senders["site"][:2]
    papers = [paper_for(sender, tmp_path) for sender in (one, other)]
    refresh_broker_files(now=timezone.now())
    stranger = found_authority(name="somebody else", now=timezone.now())
    forged_key = ec.generate_private_key(ec.SECP256R1())
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(forged_key, hashes.SHA256())
    forged = certify_device(
        authority=stranger, request=csr.public_bytes(serialization.Encoding.PEM), device_name=one.device.name, now=timezone.now()
    )
    (tmp_path / "forged").mkdir()
    forged_paper = keep(tmp_path / "forged", one.device, forged.pem, forged_key)

    async def story() -> None:
        await until_open(papers[0])
        assert not await lets_in(None, one.device.name)
        assert not await lets_in(forged_paper, one.device.name)
        assert not await lets_in(papers[1], one.device.name)  # another's name, which would end its session
        assert not await lets_in(papers[1], "microgrid-ingest")
        will = aiomqtt.Will(f"telemetry/{other.device.name}", b"my last will", 1)
        async with inside(house.url) as platform, client(papers[0], one.device.name, will=will) as device:
            await platform.subscribe("telemetry/#", qos=1)
            await device.publish(f"telemetry/{other.device.name}", b"for another", qos=1)
            await device.publish(f"receipts/{one.device.name}", b"a receipt of its own", qos=1)
            await device.publish(f"telemetry/{one.device.name}", b"its own", qos=1)
            await device.subscribe(f"receipts/{one.device.name}", qos=1)
            await device.subscribe("receipts/#", qos=1)
            await device.subscribe("telemetry/#", qos=1)
            for name in (other.device.name, one.device.name):
                await platform.publish(f"receipts/{name}", name.encode(), qos=1)
            heard = [await asyncio.wait_for(anext(aiter(c.messages)), PATIENCE_S) for c in (platform, device)]
            assert [bytes(m.payload) for m in heard] == [b"its own", one.device.name.encode()]
            for quiet in (platform, device):
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(anext(aiter(quiet.messages)), 0.5)

    asyncio.run(story())


@pytest.mark.django_db(transaction=True)
def test_a_revoked_device_is_cut_off_and_stays_out(house: Running, sender: Sender, tmp_path: Path) -> None:
    paper = paper_for(sender, tmp_path)

    async def story() -> None:
        await until_open(paper)
        async with client(paper, sender.device.name) as device:
            await asyncio.to_thread(revoke_device, device=sender.device, now=timezone.now())
            with pytest.raises(aiomqtt.MqttError):
                async with asyncio.timeout(PATIENCE_S):
                    async for _ in device.messages:
                        pass
        assert not await lets_in(paper, sender.device.name)

    asyncio.run(story())


def test_a_weak_or_unsigned_request_is_refused_in_words() -> None:
    authority = found_authority(name="Hamlet eG", now=timezone.now())
    weak = ec.generate_private_key(ec.SECP192R1())
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(weak, hashes.SHA256())
    for request, words in (
        (csr.public_bytes(serialization.Encoding.DER), "P-256"),
        (b"nothing", "cannot be read"),
        (b"x" * 9000, "9000 bytes"),
    ):
        with pytest.raises(CannotCertify, match=words):
            certify_device(authority=authority, request=request, device_name="urn:dev:x", now=timezone.now())


@pytest.mark.skipif(shutil.which("mosquitto") is None, reason="Mosquitto is not installed")
@pytest.mark.django_db(transaction=True)
def test_mosquitto_keeps_the_same_rules(senders: Any, tmp_path: Path, settings: Any) -> None:
    settings.BROKER_DIR = tmp_path / "broker"
    one, other = senders["site"][:2]
    paper = paper_for(one, tmp_path)
    out, ports = tmp_path / "mosquitto", (free_port(), free_port())
    call_command("broker_files", out=out, host=["localhost"], stdout=io.StringIO())
    subprocess.run(["mosquitto_passwd", "-b", "-c", out / "passwords", "microgrid", "word"], check=True)
    configuration = out / "mosquitto.conf"
    text = configuration.read_text().replace("listener 8883", f"listener {ports[0]}")
    configuration.write_text(text.replace("listener 1883", f"listener {ports[1]}") + f"\nuser {getpass.getuser()}\n")
    (settings.BROKER_DIR / "port").write_text(str(ports[0]))
    process = subprocess.Popen(["mosquitto", "-c", configuration], stderr=subprocess.DEVNULL)

    async def story() -> None:
        await until_open(paper)
        assert not await lets_in(None, one.device.name)
        url = f"mqtt://microgrid:word@127.0.0.1:{ports[1]}"
        async with inside(url) as platform, client(paper, one.device.name) as device:
            await platform.subscribe("telemetry/#", qos=1)
            await device.subscribe("receipts/#", qos=1)
            await device.publish(f"telemetry/{other.device.name}", b"for another", qos=1)
            await device.publish(f"telemetry/{one.device.name}", b"its own", qos=1)
            for name in (other.device.name, one.device.name):
                await platform.publish(f"receipts/{name}", name.encode(), qos=1)
            heard = [await asyncio.wait_for(anext(aiter(c.messages)), PATIENCE_S) for c in (platform, device)]
            assert [bytes(m.payload) for m in heard] == [b"its own", one.device.name.encode()]
        await asyncio.to_thread(revoke_device, device=one.device, now=timezone.now())
        await asyncio.to_thread(call_command, "broker_files", out=out, host=["localhost"], stdout=io.StringIO())
        process.send_signal(signal.SIGHUP)
        await asyncio.sleep(0.5)
        assert not await lets_in(paper, one.device.name)

    try:
        asyncio.run(story())
    finally:
        process.terminate()
        process.wait(10)

"""Charge points of both versions at the real door: let in, heard, limited, read back, and what goes wrong."""

import asyncio
import secrets
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.utils import timezone
from ocpp.v16 import call as call16
from ocpp.v201 import call as call201
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from energy.models import Consumer, Site
from energy.models.assets import ConsumerKind
from grid.adapters.ocpp_link import OcppLink
from grid.domain.devices.links import LinkAnswer, Problem, Target
from grid.models import ChargingSession, ChargingTag, DeviceLink, LinkProtocol
from grid.services.charging import tag_digest
from grid.services.device_links import give_key
from tests.integration.grid.stations import charger, credentials, now_text, web_server

pytestmark = pytest.mark.django_db(transaction=True)
VERSIONS = ["ocpp1.6", "ocpp2.0.1"]
CARD = "04A1B2C3"


@pytest.fixture
def link(microgrid) -> DeviceLink:
    site = microgrid.sites.order_by("code").first()
    car = Consumer.objects.create(site=site, code="wall box", kind=ConsumerKind.CAR_CHARGER, max_demand_w=11_000)
    ChargingTag.objects.create(microgrid=microgrid, name="Ana's card", tag_sha256=tag_digest(CARD))
    return DeviceLink.objects.create(
        microgrid=microgrid, consumer=car, protocol=LinkProtocol.OCPP, station=f"CP-{secrets.token_hex(4)}", connector=1, fallback_w=4000
    )


async def order(link: DeviceLink, target: Target, patience_s: float = 3.0) -> LinkAnswer:
    return await asyncio.to_thread(OcppLink(link.station, 1, patience_s).send, target)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_limit_is_set_with_its_end_read_back_and_taken_away(link, version):
    key = give_key(link=link)

    async def drive(port: int) -> tuple[Any, list[LinkAnswer]]:
        async with charger(port, link.station, key, version) as there:
            answers = [await order(link, Target("c-1", holds_s=20, limit_w=6000))]
            kept = dict(there.profiles)
            answers.append(await asyncio.to_thread(OcppLink(link.station, 1).read))
            answers.append(await order(link, Target("c-2", holds_s=20)))
            assert there.cleared == [2]
            return kept, answers

    with web_server() as port:
        kept, (set_, read, freed) = asyncio.run(drive(port))
    assert set_.problem is None, set_
    assert set_.measured is not None and set_.measured.limit_w == 6000
    assert read.measured is not None and read.measured.limit_w == 6000
    assert freed.is_done and freed.measured is not None and freed.measured.limit_w is None
    [profile] = kept.values()
    schedule = profile["charging_schedule"]
    schedule = schedule[0] if isinstance(schedule, list) else schedule
    assert (schedule["duration"], schedule["charging_rate_unit"]) == (20, "W")
    assert profile["charging_profile_purpose"] == "TxDefaultProfile"
    assert profile["valid_to"] > profile["valid_from"]


@pytest.mark.parametrize(("version", "phases"), [("ocpp1.6", "1"), ("ocpp2.0.1", "123")])
def test_a_station_that_takes_amperes_only_gets_the_limit_in_amperes(link, version, phases):
    Site.objects.filter(pk=link.consumer.site_id).update(phases=phases)
    key = give_key(link=link)

    async def drive(port: int) -> tuple[Any, LinkAnswer]:
        async with charger(port, link.station, key, version, amperes_only=True) as there:
            answer = await order(link, Target("c-1", holds_s=20, limit_w=6000))
            return dict(there.profiles), answer

    with web_server() as port:
        kept, answer = asyncio.run(drive(port))
    assert answer.problem is None and answer.measured is not None
    [profile] = kept.values()
    schedule = profile["charging_schedule"]
    schedule = schedule[0] if isinstance(schedule, list) else schedule
    [period] = schedule["charging_schedule_period"]
    assert (schedule["charging_rate_unit"], period["number_phases"]) == ("A", len(phases))
    amperes = {"123": 8.6, "1": 26.0}[phases]  # 6 kW are 8.69 A on three phases, 26.08 A on one
    assert float(period["limit"]) == amperes
    assert answer.measured.limit_w == pytest.approx(amperes * 230 * len(phases))


def own_certificate(folder: Path) -> Path:
    """Certificate and key of a server at 127.0.0.1, in one file."""
    key, name = (ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "house")]))
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "house.pem"
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_security_profile_2_is_tls_with_the_stations_key(link, tmp_path):
    key, path = give_key(link=link), own_certificate(tmp_path)

    async def drive(port: int) -> LinkAnswer:
        async with charger(port, link.station, key, "ocpp2.0.1", trusts=ssl.create_default_context(cafile=str(path))):
            answer = await order(link, Target("c-1", holds_s=20, limit_w=6000))
        with pytest.raises(ssl.SSLCertVerificationError):  # whoever does not trust the house sends it no key
            async with charger(port, link.station, key, "ocpp2.0.1", trusts=ssl.create_default_context()):
                pass
        with pytest.raises(InvalidStatus) as refused:
            async with charger(port, link.station, "wrong", "ocpp2.0.1", trusts=ssl.create_default_context(cafile=str(path))):
                pass
        assert refused.value.response.status_code == 401
        return answer

    with web_server(certificate=path) as port:
        answer = asyncio.run(drive(port))
    assert answer.is_done, answer


def test_a_transaction_in_16_gets_its_own_limit_and_is_written_down(link):
    key = give_key(link=link)

    async def drive(port: int) -> Any:
        async with charger(port, link.station, key, "ocpp1.6") as there:
            boot = await there.call(call16.BootNotification("Box 11", "Wiesengrund"))
            await asyncio.sleep(0.3)
            fallback = dict(there.profiles)
            await there.call(call16.StatusNotification(1, "NoError", "Charging"))
            known = await there.call(call16.Authorize(CARD))
            unknown = await there.call(call16.Authorize("DEADBEEF"))
            began = await there.call(call16.StartTransaction(1, CARD, 1_000, now_text()))
            again = await there.call(call16.StartTransaction(1, "DEADBEEF", 1_000, now_text()))
            await order(link, Target("c-1", holds_s=20, limit_w=6000))
            held = there.profiles[1, 2]
            power = {"value": "5.9", "measurand": "Power.Active.Import", "unit": "kW"}
            register = {"value": "1042", "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
            await there.call(call16.MeterValues(1, [{"timestamp": now_text(), "sampled_value": [power, register]}], began.transaction_id))
            await there.call(call16.StopTransaction(4_500, now_text(), began.transaction_id, "EVDisconnected"))
            quiet_since = timezone.now()
            await there.call(call16.Heartbeat())
            return quiet_since, boot, fallback, known, unknown, began, again, held

    with web_server() as port:
        quiet_since, boot, fallback, known, unknown, began, again, held = asyncio.run(drive(port))
    assert boot.status == "Accepted"
    assert fallback[1, 1]["charging_schedule"]["charging_schedule_period"] == [{"start_period": 0, "limit": 4000.0}]
    assert (known.id_tag_info["status"], unknown.id_tag_info["status"]) == ("Accepted", "Invalid")
    assert (began.id_tag_info["status"], again.id_tag_info["status"]) == ("Accepted", "Invalid")
    assert (held["charging_profile_purpose"], held["transaction_id"]) == ("TxProfile", began.transaction_id)
    session = ChargingSession.objects.get()
    assert (session.start_wh, session.end_wh, session.reason) == (1_000, 4_500, "EVDisconnected")
    assert session.tag is not None and session.tag.name == "Ana's card"
    link.refresh_from_db()
    assert (link.model, link.version, link.state) == ("Wiesengrund Box 11", "1.6", "Charging")
    assert link.read_charge_w == 5900
    assert link.last_contact_at > quiet_since  # a heartbeat is a contact


def test_a_transaction_in_201_goes_on_where_the_connection_broke(link):
    key = give_key(link=link)
    token = {"id_token": CARD, "type": "ISO14443"}

    def event(kind: str, number: int, **more: Any) -> Any:
        info = {"transaction_id": "tx-7"} | ({"stopped_reason": "EVDisconnected"} if kind == "Ended" else {})
        return call201.TransactionEvent(kind, now_text(), "CablePluggedIn", number, info, **more)

    async def drive(port: int) -> Any:
        async with charger(port, link.station, key, "ocpp2.0.1") as there:
            await there.call(call201.BootNotification({"model": "Box 22", "vendor_name": "Wiesengrund"}, "PowerUp"))
            started = await there.call(event("Started", 0, id_token=token, evse={"id": 1}))
        async with charger(port, link.station, key, "ocpp2.0.1") as there:
            await order(link, Target("c-1", holds_s=20, limit_w=6000))
            held = there.profiles[1, 2]
            watts = {"value": 4.2, "measurand": "Power.Active.Import", "unit_of_measure": {"unit": "W", "multiplier": 3}}
            values = [{"timestamp": now_text(), "sampled_value": [watts]}]
            await there.call(event("Updated", 1, evse={"id": 1}, meter_value=values))
            await there.call(event("Ended", 2, evse={"id": 1}))
            return started, held

    with web_server() as port:
        started, held = asyncio.run(drive(port))
    assert started.id_token_info["status"] == "Accepted"
    assert (held["charging_profile_purpose"], held["transaction_id"]) == ("TxProfile", "tx-7")
    assert "valid_to" not in held
    session = ChargingSession.objects.get()
    assert (session.reference, session.ended_at is not None) == ("tx-7", True)
    link.refresh_from_db()
    assert link.read_charge_w == 4200


def test_what_goes_wrong_has_a_name(link):
    key = give_key(link=link)
    target = Target("c", holds_s=20, limit_w=5000)

    async def drive(port: int) -> list[LinkAnswer]:
        answers = [await order(link, target)]
        for habits in ({"refuses": True}, {"keeps": False}, {"tells": False}):
            async with charger(port, link.station, key, "ocpp1.6", **habits):
                answers.append(await order(link, target))
        async with connect(
            f"ws://127.0.0.1:{port}/ocpp/{link.station}", subprotocols=["ocpp1.6"], additional_headers=credentials(link.station, key)
        ):
            await asyncio.sleep(0.3)
            answers.append(await order(link, target, patience_s=0.5))
        return answers

    with web_server() as port:
        away, refused, ignored, silent, deaf = asyncio.run(drive(port))
    assert away.problem is Problem.UNREACHABLE
    assert (refused.problem, refused.detail) == (Problem.REFUSED, "the station says Rejected")
    assert ignored.problem is Problem.NOT_OBEYED
    assert silent.is_done and "cannot tell" in silent.detail
    assert deaf.problem is Problem.TIMEOUT


def test_a_link_of_a_whole_station_limits_it_and_hears_all_its_connectors(link):
    DeviceLink.objects.update(connector=0, fallback_w=None)
    key = give_key(link=link)

    async def drive(port: int) -> Any:
        async with charger(port, link.station, key, "ocpp1.6") as there:
            began = await there.call(call16.StartTransaction(2, CARD, 500, now_text()))
            await asyncio.to_thread(OcppLink(link.station, 0).send, Target("c", holds_s=20, limit_w=7000))
            return began, there.profiles[0, 2]

    with web_server() as port:
        began, held = asyncio.run(drive(port))
    assert began.id_tag_info["status"] == "Accepted"
    assert held["charging_profile_purpose"] == "ChargePointMaxProfile"
    assert ChargingSession.objects.get().start_wh == 500


def test_only_stations_with_their_key_and_a_known_version_come_in(link):
    key = give_key(link=link)

    async def knock(port: int, name: str, key: str, protocol: str | None) -> int:
        words = {"subprotocols": [protocol]} if protocol else {}
        try:
            async with connect(f"ws://127.0.0.1:{port}/ocpp/{name}", additional_headers=credentials(name, key), **words):
                return 101
        except InvalidStatus as refusal:
            return refusal.response.status_code

    async def all_of_them(port: int) -> list[int]:
        renewed = await asyncio.to_thread(give_key, link=link)
        return [
            await knock(port, link.station, renewed, "ocpp1.6"),
            await knock(port, link.station, key, "ocpp1.6"),
            await knock(port, link.station, "", "ocpp1.6"),
            await knock(port, "CP-4", renewed, "ocpp1.6"),
            await knock(port, link.station, renewed, "ocpp1.5"),
            await knock(port, link.station, renewed, None),
        ]

    with web_server() as port:
        assert asyncio.run(all_of_them(port)) == [101, 401, 401, 401, 400, 400]


def test_a_newer_connection_takes_the_place_and_too_much_is_cut_off(link):
    key = give_key(link=link)

    async def drive(port: int) -> tuple[int | None, int | None, int]:
        async with charger(port, link.station, key, "ocpp1.6") as older, charger(port, link.station, key, "ocpp1.6"):
            await asyncio.wait_for(older.socket.wait_closed(), 5)
        async with charger(port, link.station, key, "ocpp1.6") as loud:
            with pytest.raises(ConnectionClosed):
                for _ in range(1000):
                    await loud.socket.send("x")
                    await asyncio.sleep(0)
                await asyncio.wait_for(loud.socket.wait_closed(), 5)
                await loud.socket.send("x")
            return (older.socket.close_code, loud.socket.close_code, await asyncio.to_thread(ChargingSession.objects.count))

    with web_server() as port:
        assert asyncio.run(drive(port)) == (1000, 1008, 0)

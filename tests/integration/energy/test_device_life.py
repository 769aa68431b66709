"""A device's life through the API: in by a code, a new key, a certificate, an exchange, the end; each step is written down."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from energy.domain.enrolment import certificate_statement, enrolment_statement, rotation_statement
from energy.domain.exchange import CannotExchange, HandOver
from energy.domain.quality import Check
from energy.models import CertificateAuthority, Device, DeviceCertificate, DeviceEvent, EnrolmentCode, Sensor, SensorKind
from energy.selectors.exchanges import register_steps
from energy.selectors.register_readings import register_readings
from energy.services.day_close import finalise_day
from energy.services.enrolment import CODE_LIFE, make_code
from energy.services.exchanges import exchange_meter
from members.models import Membership, Role, User
from tests.integration.energy.conftest import FIRST_DAY, REAL_NOW, Sender


@pytest.fixture(autouse=True)
def nobody_knocked_before(db: None) -> None:
    """The doors of devices count knocks by address."""
    cache.clear()


@pytest.fixture
def operator(sender: Sender) -> User:
    user = User.objects.create_user("operator@hamlet.test")
    Membership.objects.create(user=user, cooperative=sender.microgrid.cooperative, role=Role.OPERATOR)
    return user


def post(path: str, body: dict[str, Any], user: User | None = None) -> Any:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")


def ask(code: str, key: Ed25519PrivateKey, **changes: Any) -> dict[str, Any]:
    """What a device sends in order to come in."""
    public = key.public_key().public_bytes_raw()
    given = {"code": code, "model": "example-1", "firmware_version": "1.0.0", **changes}
    statement = enrolment_statement(code=given["code"], public_key=public, model=given["model"], firmware_version=given["firmware_version"])
    return {"public_key": public.hex(), "signature": key.sign(statement).hex(), **given}


def kinds(device: Device) -> list[str]:
    return list(DeviceEvent.objects.filter(device=device).order_by("pk").values_list("kind", flat=True))


def test_a_device_comes_in_once_by_its_code_and_replaces_the_one_before(sender: Sender, operator: User) -> None:
    made = post("devices/codes/", {"meter": str(sender.meter.public_id)}, operator)
    code, key = made.json()["code"], Ed25519PrivateKey.generate()
    answer = post("devices/enrol/", ask(code.lower().replace("-", " "), key))
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["serves"], told["records"], told["interval_s"]) == (sender.meter.code, ["import", "export"], 900)
    device = Device.objects.get(name=told["device"])
    assert (device.model, device.firmware_version, device.status) == ("example-1", "1.0.0", "enrolled")
    assert kinds(device) == ["enrolled"]
    assert kinds(sender.device) == ["enrolled", "decommissioned"]
    again = post("devices/enrol/", ask(code, Ed25519PrivateKey.generate()))
    assert (again.status_code, again.json()["reason"]) == (403, "unknown_code")


def test_a_code_ends_by_time_by_a_newer_one_and_by_guesses(sender: Sender, operator: User) -> None:
    now = timezone.now()
    late = make_code(meter=sender.meter, by=operator, now=now - CODE_LIFE - timedelta(seconds=1))
    older = make_code(meter=sender.meter, by=operator, now=now - timedelta(hours=1))
    newer = make_code(meter=sender.meter, by=operator, now=now)
    for fresh in (late, older):
        assert post("devices/enrol/", ask(fresh.text, Ed25519PrivateKey.generate())).status_code == 403
    guess = newer.text[:-1] + ("A" if newer.text[-1] != "A" else "B")
    for _ in range(10):
        assert post("devices/enrol/", ask(guess, Ed25519PrivateKey.generate())).status_code == 403
    assert EnrolmentCode.objects.get(pk=newer.row.pk).failures == 10
    assert post("devices/enrol/", ask(newer.text, Ed25519PrivateKey.generate())).status_code == 403


def test_who_does_not_hold_the_key_does_not_come_in(sender: Sender, operator: User) -> None:
    fresh = make_code(meter=sender.meter, by=operator, now=timezone.now())
    asked = ask(fresh.text, Ed25519PrivateKey.generate())
    asked["public_key"] = Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()
    answer = post("devices/enrol/", asked)
    assert (answer.status_code, answer.json()["reason"]) == (403, "bad_signature")
    known = post("devices/enrol/", ask(fresh.text, sender.key))
    assert (known.status_code, known.json()["reason"]) == (409, "known_key")
    assert EnrolmentCode.objects.get(pk=fresh.row.pk).used_at is None
    assert post("devices/enrol/", ask(fresh.text, Ed25519PrivateKey.generate())).status_code == 201


def test_a_sensor_gets_a_device_too(sender: Sender, operator: User) -> None:
    sensor = Sensor.objects.create(microgrid=sender.microgrid, kind=SensorKind.IRRADIANCE, code="roof sun")
    code = post("devices/codes/", {"sensor": str(sensor.public_id)}, operator).json()["code"]
    told = post("devices/enrol/", ask(code, Ed25519PrivateKey.generate())).json()
    assert (told["serves"], told["records"]) == ("roof sun", ["irradiance_w_m2"])
    clock = Client().get(f"/api/v1/devices/{told['device']}/clock/").json()
    real, shown = (datetime.fromisoformat(clock[name]) for name in ("real_at", "shown_at"))
    assert shown == sender.microgrid.now(real)


def test_who_knocks_too_often_has_to_wait(sender: Sender) -> None:
    asked = ask("00000-00000-00000-00000", Ed25519PrivateKey.generate())
    assert [post("devices/enrol/", asked).status_code for _ in range(31)] == [403] * 30 + [429]


def test_only_operators_of_the_cooperative_take_steps(sender: Sender, operator: User) -> None:
    stranger, auditor = User.objects.create_user("s@x.test"), User.objects.create_user("a@x.test")
    Membership.objects.create(user=auditor, cooperative=sender.microgrid.cooperative, role=Role.AUDITOR)
    for user, code in ((stranger, 404), (auditor, 404), (None, 401)):
        asked = post("devices/codes/", {"meter": str(sender.meter.public_id)}, user)
        revoked = post(f"devices/{sender.device.public_id}/revoke/", {}, user)
        assert (asked.status_code, revoked.status_code) == (code, code)
    client = Client()
    client.force_login(auditor)
    assert client.get(f"/api/v1/devices/{sender.device.public_id}/").json()["events"][0]["kind"] == "enrolled"
    assert post(f"devices/{sender.device.public_id}/revoke/", {"reason": "stolen"}, operator).json()["status"] == "revoked"
    assert kinds(sender.device) == ["enrolled", "revoked"]


def test_a_key_is_changed_when_both_keys_agree(sender: Sender) -> None:
    new = Ed25519PrivateKey.generate()
    public = new.public_key().public_bytes_raw()
    statement = rotation_statement(device_name=sender.device.name, public_key=public)
    asked = {
        "device": sender.device.name,
        "public_key": public.hex(),
        "signature_by_new_key": new.sign(statement).hex(),
        "signature_by_old_key": new.sign(statement).hex(),
    }
    assert post("devices/rotate/", asked).json()["reason"] == "bad_signature"
    asked["signature_by_old_key"] = sender.key.sign(statement).hex()
    assert post("devices/rotate/", asked).status_code == 200
    assert post("devices/rotate/", asked).json()["reason"] == "bad_signature"
    assert sender.device.keys.filter(revoked_at=None).count() == 1


def test_a_certificate_bears_the_devices_name_and_ends_with_it(
    sender: Sender, operator: User, django_capture_on_commit_callbacks: Callable[..., Any], settings: Any, tmp_path: Any
) -> None:
    settings.BROKER_DIR = tmp_path / "broker"
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "somebody else")])
    csr = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    pem = csr.public_bytes(serialization.Encoding.PEM).decode()
    statement = certificate_statement(device_name=sender.device.name, csr=pem.encode())
    asked = {"device": sender.device.name, "request": pem, "signature": sender.key.sign(statement).hex()}
    with django_capture_on_commit_callbacks(execute=True):
        answer = post("devices/certificate/", asked)
    assert answer.status_code == 201, answer.content
    certificate = x509.load_pem_x509_certificate(answer.json()["certificate"].encode())
    authority = x509.load_pem_x509_certificate(answer.json()["authority"].encode())
    certificate.verify_directly_issued_by(authority)
    assert certificate.subject.rfc4514_string() == f"CN={sender.device.name}"
    sealed = bytes(CertificateAuthority.objects.get().sealed_key)
    assert b"PRIVATE" not in sealed
    with django_capture_on_commit_callbacks(execute=True):
        post(f"devices/{sender.device.public_id}/revoke/", {}, operator)
    listed = x509.load_pem_x509_crl((tmp_path / "broker" / "revocations.pem").read_bytes())
    assert [entry.serial_number for entry in listed] == [certificate.serial_number]
    assert DeviceCertificate.objects.get().revoked_at is not None
    assert post("devices/certificate/", asked).status_code == 404


def test_an_exchange_hands_registers_over_and_the_days_go_on(sender: Sender, operator: User, accept: Any, meter_day: Any) -> None:
    accept(sender.message(blocks=[sender.part_block(FIRST_DAY, 0, [10] * 40, register=1000)]))
    microgrid, before = (sender.microgrid, sender.microgrid.local_day(FIRST_DAY).start_at + timedelta(hours=10, minutes=5))
    answer = post(
        f"meters/{sender.meter.public_id}/exchange/",
        {
            "exchanged_at": before.isoformat(),
            "new_serial": "1EMH2",
            "registers": [{"channel": "import", "last_wh": 1404, "first_wh": 7}, {"channel": "export", "last_wh": 0, "first_wh": 0}],
        },
        operator,
    )
    assert answer.status_code == 201, answer.content
    key = Ed25519PrivateKey.generate()
    told = post("devices/enrol/", ask(answer.json()["code"], key)).json()
    new = Sender(microgrid, sender.meter, key, Device.objects.get(name=told["device"]))
    [receipt] = accept(new.message(blocks=[new.part_block(FIRST_DAY, 41, [20] * 55, register=13)]))
    assert receipt.outcome == "accepted"
    day = meter_day(sender, FIRST_DAY)
    assert (day.values_wh[39], day.values_wh[41], day.register_start_wh, day.register_end_wh) == (10, 20, 1000, 1113)
    steps = register_steps(microgrid=microgrid, day=FIRST_DAY, meter_ids=[sender.meter.pk])
    # 400 Wh and 4 Wh by the old meter, 6 Wh and 1100 Wh by the new one
    assert day.register_end_wh + steps[sender.meter.pk, 1] - day.register_start_wh == 400 + 4 + 6 + 1100
    assert kinds(sender.device) == ["enrolled", "exchanged", "decommissioned"]
    finalise_day(microgrid=microgrid, day=FIRST_DAY, now=microgrid.now(REAL_NOW))
    day = meter_day(sender, FIRST_DAY)
    assert (day.values_wh[40], sum(day.values_wh)) == (10, 1510)
    assert not any(flag & Check.SUM_FAILED for flag in day.quality)
    first, second = (r for r in register_readings(site=sender.meter.site, days=[FIRST_DAY]) if r.channel == "import")
    assert (first.start_wh, first.end_wh, first.intervals) == (1000, 1404, 41)
    assert (second.start_wh, second.end_wh, second.intervals) == (7, 1113, 55)
    assert (first.estimated_intervals, second.estimated_intervals) == (1, 0)


@pytest.mark.parametrize(
    ("registers", "shift", "words"),
    [
        ({"import": HandOver(1404, 7)}, timedelta(0), "readings of export, import"),
        ({"import": HandOver(900, 7), "export": HandOver(0, 0)}, timedelta(days=1), "below 1960 Wh"),
        ({"import": HandOver(1404, 7), "export": HandOver(0, 0)}, timedelta(days=90), "future"),
    ],
)
def test_an_impossible_exchange_is_refused_in_words(
    sender: Sender, operator: User, accept: Any, registers: dict[str, HandOver], shift: timedelta, words: str
) -> None:
    accept(sender.message(blocks=[sender.day_block(FIRST_DAY)]))
    at = sender.microgrid.local_day(FIRST_DAY).start_at + timedelta(hours=10) + shift
    with pytest.raises(CannotExchange, match=words):
        exchange_meter(meter=sender.meter, exchanged_at=at, registers=registers, new_serial="2", now=REAL_NOW, by=operator)
    assert Device.objects.get(pk=sender.device.pk).status == "enrolled"

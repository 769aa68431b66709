"""A device for the cooperative's platform, small enough to read: it enrols by a code, signs, sends over MQTT with TLS, and keeps
what has no receipt on its disk and sends it again.

    python device.py --folder my-device enrol --server http://localhost:8000 7K3MA-Q0WXY-51ZBN-8RTPG
    python device.py --folder my-device run

Needs Python 3.9 or newer with `cbor2` and `cryptography`. docs/devices.md says what goes over the wire.
"""

import argparse
import json
import math
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime
from urllib.parse import quote, urlsplit

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from memory import Memory, Outbox, write_whole
from message import interval_records, payload_of, sign
from mqtt import Client

MODEL, FIRMWARE_VERSION = "example-1", "1.0.0"
SEND_AGAIN_AFTER_S = 8
LETTERS_UNDERWAY = 8
LONGEST_PAUSE_S = 60
SIGN_ANEW = ("clock", "counter_went_back")  # what we sent is too old by now: say the same again, with a new counter


def say(text):
    print(text, flush=True)


# --- talking to the platform by HTTP, for what happens once ---


def ask(server, path, body=None):
    """POST JSON, or GET without a body; returns the answer, or ends with what the platform says."""
    request = urllib.request.Request(server + "/api/v1/devices/" + path)
    request.add_header("Content-Type", "application/json")
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, data, timeout=20) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as problem:
        sys.exit(f"refused ({problem.code}): {problem.read().decode(errors='replace')}")


def enrol(memory, server, code):
    """Make a key, come in with it, and get a certificate for the broker."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    plain = code.upper().replace("-", "").replace(" ", "").translate({ord("I"): "1", ord("L"): "1", ord("O"): "0"})
    statement = "\n".join(("microgrid enrolment 1", plain, public.hex(), MODEL, FIRMWARE_VERSION))
    # The key is on the disk before the platform knows it: a power cut in between costs a code, not a device.
    write_whole(memory.path("signing.key"), key.private_bytes_raw())
    told = ask(
        server,
        "enrol/",
        {
            "code": code,
            "public_key": public.hex(),
            "signature": key.sign(statement.encode()).hex(),
            "model": MODEL,
            "firmware_version": FIRMWARE_VERSION,
        },
    )
    memory.learn(
        server=server,
        name=told["device"],
        serves=told["serves"],
        records=told["records"],
        interval_s=told["interval_s"],
        broker=told["broker"],
        clock=told["clock"],
        counter=0,
    )
    say("enrolled as {} for {}".format(told["device"], told["serves"]))
    certify(memory, key)


def certify(memory, key):
    """Make a key for TLS and let the cooperative's authority vouch for it."""
    tls_key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, memory.known["name"])])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(tls_key, hashes.SHA256())
    pem = request.public_bytes(serialization.Encoding.PEM).decode()
    digest = hashes.Hash(hashes.SHA256())
    digest.update(pem.encode())
    statement = "\n".join(("microgrid certificate 1", memory.known["name"], digest.finalize().hex()))
    body = {"device": memory.known["name"], "request": pem, "signature": key.sign(statement.encode()).hex()}
    told = ask(memory.known["server"], "certificate/", body)
    write_whole(
        memory.path("tls.key"),
        tls_key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
    write_whole(memory.path("tls.pem"), told["certificate"].encode())
    write_whole(memory.path("authority.pem"), told["authority"].encode())
    memory.learn(broker=told["broker"])
    say("certified until {}".format(told["expires_at"]))


# --- time: mostly the real one; a demo replays a month, so its clock has a start and a speed ---


def newest_clock(memory):
    """What the platform's clock shows now; as it was told before where the platform is away."""
    try:
        memory.learn(clock=ask(memory.known["server"], quote(memory.known["name"]) + "/clock/"))
    except urllib.error.URLError as problem:
        say(f"the platform is away ({problem.reason}); the clock goes on as before")
    return memory.known["clock"]


class Clock:
    """The microgrid's clock."""

    def __init__(self, clock):
        real, shown = (datetime.fromisoformat(clock[n].replace("Z", "+00:00")) for n in ("real_at", "shown_at"))
        self._real, self._shown, self._speed = real.timestamp(), shown.timestamp(), clock["speed"]

    def now(self):
        """Seconds since 1970."""
        return self._shown + (time.time() - self._real) * self._speed


# --- what is measured: replace this with your sensor or your register ---


def power_w(at):
    """A home that uses a little all the time and more in the evening [W]."""
    hour = at / 3600 % 24
    return 180 + 900 * math.exp(-((hour - 19) ** 2) / 6) + 120 * math.exp(-((hour - 7) ** 2) / 3)


def sensor_value(name, at):
    """A sunny day, seen by a sensor of that name."""
    sun = max(0.0, math.sin((at / 3600 % 24 - 6) / 12 * math.pi))
    return {
        "irradiance_w_m2": 850 * sun,
        "air_temperature_c": 6 + 9 * sun,
        "transformer_temperature_c": 32 + 14 * sun,
        "voltage_v": 230 + 4 * sun,
        "door_open": 0,
    }[name]


class Instrument:
    """Counts energy into a register, or reads a sensor, and puts what there is to say into the outbox."""

    def __init__(self, memory, outbox, clock):
        self._memory, self._outbox, self._clock = memory, outbox, clock

    def measure(self, back=0):
        """Say what was measured since the last time; `back` intervals before now where there was none."""
        now, known = self._clock.now(), self._memory.known
        if known["records"][0] in ("import", "export", "production", "charge", "discharge", "down", "up"):
            self._count(now, known, back)
        else:
            name = known["records"][0]
            self._outbox.put([(name, round(sensor_value(name, now), 2), int(now))])

    def _count(self, now, known, back):
        """One message with all intervals that are over and were not said yet, with the register at both ends."""
        length = known["interval_s"]
        over = int(now // length * length)
        start = known.get("measured_until", over - back * length)
        if start >= over:
            return
        energy = [round(power_w(at + length / 2) * length / 3600) for at in range(start, over, length)]
        records = []
        for channel in known["records"]:
            own = energy if channel == known["records"][0] else [0] * len(energy)
            register = known.get("register_" + channel, 0)
            records += interval_records(channel, start, length, own, register)
            known["register_" + channel] = register + sum(own)
        self._outbox.put(records)
        self._memory.learn(measured_until=over)


# --- sending until there is a receipt ---


class Post:
    """Sends letters in order, a few at a time, and drops each with its receipt."""

    def __init__(self, memory, outbox, clock, key):
        self._memory, self._outbox, self._clock, self._key = memory, outbox, clock, key
        self._name = memory.known["name"]
        self._sent_at = {}
        self.receipts = 0

    def forget_sent(self):
        """After a new connection everything is sent again."""
        self._sent_at = {}

    def send_due(self, client):
        """Send what was not sent yet, or has waited too long for its receipt."""
        for number in self._outbox.numbers()[:LETTERS_UNDERWAY]:
            if time.monotonic() - self._sent_at.get(number, -math.inf) > SEND_AGAIN_AFTER_S:
                client.publish("telemetry/" + self._name, self._signed(number))
                self._sent_at[number] = time.monotonic()

    def _signed(self, number):
        """The letter's message: the same bytes each time, signed when it is sent first."""
        records, counter, message = self._outbox.read(number)
        if message is None:
            counter = self._memory.next_number("counter")
            payload = payload_of(self._name, int(self._clock.now()), records)
            message = sign(self._key, counter, payload)
            self._outbox.write(number, [records, counter, message])
        return message

    def take_receipt(self, payload):
        """Drop the letter that a receipt is for; keep what has to be said again."""
        receipt = cbor2.loads(payload)
        for number in self._outbox.numbers():
            records, counter, _ = self._outbox.read(number)
            if counter != receipt["counter"]:
                continue
            outcome, reason = receipt["outcome"], receipt["reason"]
            say(f"receipt {counter}: {outcome} {reason}")
            self.receipts += outcome != "refused"
            self._sent_at.pop(number, None)
            if outcome == "refused" and reason in SIGN_ANEW:
                self._outbox.write(number, [records, None, None])
            else:
                self._outbox.drop(number)  # refused for good: a technician reads it in the log
            return


def connect(memory):
    """A connection to the broker: both sides show certificates of the cooperative's authority."""
    context = ssl.create_default_context(cafile=memory.path("authority.pem"))
    context.load_cert_chain(memory.path("tls.pem"), memory.path("tls.key"))
    address = urlsplit(memory.known["broker"])
    client = Client(address.hostname, address.port or 8883, context, memory.known["name"])
    client.subscribe("receipts/" + memory.known["name"])
    return client


def run(memory, every_s, back, stop_after):
    """Measure and send for ever, or until `stop_after` receipts have come."""
    if "name" not in memory.known:
        sys.exit("not enrolled yet: device.py enrol --server ADDRESS CODE")
    with open(memory.path("signing.key"), "rb") as file:
        key = Ed25519PrivateKey.from_private_bytes(file.read())
    clock = Clock(newest_clock(memory))
    outbox = Outbox(memory)
    instrument, post = Instrument(memory, outbox, clock), Post(memory, outbox, clock, key)
    measured_at, pause_s, client = -math.inf, 1, None
    while not stop_after or post.receipts < stop_after:
        if time.monotonic() - measured_at >= every_s:
            instrument.measure(back)
            measured_at = time.monotonic()
        try:
            if client is None:
                client = connect(memory)
                post.forget_sent()
                say(f"connected, {len(outbox.numbers())} letters to send")
            post.send_due(client)
            heard = client.hear(min(1.0, every_s))
            if heard:
                post.take_receipt(heard[1])
            pause_s = 1
        except OSError as problem:
            say(f"the broker is away ({problem}); again in {pause_s} s")
            client = None
            time.sleep(min(pause_s, every_s))
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
    client.close()


def main():
    parser = argparse.ArgumentParser(description="A device for the cooperative's platform.")
    parser.add_argument("--folder", default="device-memory", help="where the device keeps its key and what it has to say")
    steps = parser.add_subparsers(dest="step", required=True)
    step = steps.add_parser("enrol", help="come in by a one-time code")
    step.add_argument("--server", default="http://localhost:8000")
    step.add_argument("code")
    step = steps.add_parser("run", help="measure and send")
    step.add_argument("--every", type=float, default=10.0, help="seconds between two looks at the instrument")
    step.add_argument("--back", type=int, default=4, help="intervals before the first start to say as well")
    step.add_argument("--stop-after", type=int, default=0, help="end after so many receipts; 0: never")
    given = parser.parse_args()
    os.umask(0o077)
    memory = Memory(given.folder)
    if given.step == "enrol":
        enrol(memory, given.server.rstrip("/"), given.code)
    else:
        run(memory, given.every, given.back, given.stop_after)


if __name__ == "__main__":
    main()

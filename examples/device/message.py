"""What a device says: SenML records in CBOR (RFC 8428), signed as COSE_Sign1 with Ed25519 (RFC 9052)."""

import hashlib

import cbor2

BASE_NAME, BASE_TIME, NAME, UNIT, VALUE, TIME = -2, -3, 0, 1, 2, 6
ALGORITHM, KEY_ID, COUNTER = 1, 4, -70001
EDDSA = -8
SIGN1_TAG = 18


def key_id_of(public_key):
    """The key's name in a header: the first eight bytes of its SHA-256."""
    return hashlib.sha256(public_key).digest()[:8]


def interval_records(channel, start, interval_s, energy_wh, register_wh):
    """Energy per interval [Wh] from `start` on, and the register [Wh] at the first one's start and the last one's end.

    Records are (name, value, seconds since 1970); `interval` holds for those that follow, its time does not matter.
    """
    end = start + interval_s * len(energy_wh)
    records = [("interval", interval_s, start), (channel + "/register", register_wh, start)]
    records.append((channel + "/register", register_wh + sum(energy_wh), end))
    for i, energy in enumerate(energy_wh):
        records.append((channel, energy, start + i * interval_s))
    return records


def payload_of(device_name, sent_at, records):
    """The records as CBOR: the first one names the device and the time of sending, the others count from that time."""
    rows = [{BASE_NAME: device_name, BASE_TIME: sent_at}]
    for name, value, at in records:
        rows.append({NAME: name, TIME: at - sent_at, VALUE: value})
    return cbor2.dumps(rows)


def sign(private_key, counter, payload):
    """The message as it is sent. `private_key` is an Ed25519PrivateKey, `counter` rises with every message."""
    key_id = key_id_of(private_key.public_key().public_bytes_raw())
    protected = cbor2.dumps({ALGORITHM: EDDSA, KEY_ID: key_id, COUNTER: counter})
    signature = private_key.sign(cbor2.dumps(["Signature1", protected, b"", payload]))
    return cbor2.dumps(cbor2.CBORTag(SIGN1_TAG, [protected, {}, payload, signature]))

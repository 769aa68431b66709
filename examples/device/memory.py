"""A device's memory on disk: what it knows about itself, and what it has to say and has no receipt for.

A file is written beside its place, flushed to the disk and then moved: a power cut leaves the old one or the new one.
"""

import json
import os

import cbor2


def write_whole(path, data):
    """Write bytes at once or not at all; only the owner may read them."""
    part = path + ".part"
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


class Memory:
    """The folder of one device."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(os.path.join(folder, "outbox"), mode=0o700, exist_ok=True)
        self.known = {}
        if os.path.exists(self.path("device.json")):
            with open(self.path("device.json")) as file:
                self.known = json.load(file)

    def path(self, name):
        """Where something lies."""
        return os.path.join(self.folder, name)

    def learn(self, **facts):
        """Know something from now on."""
        self.known.update(facts)
        write_whole(self.path("device.json"), json.dumps(self.known, indent=1).encode())

    def next_number(self, name):
        """The next of a rising series of numbers; it is on the disk before it is used."""
        number = self.known.get(name, 0) + 1
        self.learn(**{name: number})
        return number


class Outbox:
    """What has no receipt yet, in the order in which it was measured: one file each, gone with its receipt.

    A letter is [records, counter, message]: counter and message are empty until it is sent first, and again when it has to be
    signed anew.
    """

    def __init__(self, memory):
        self._memory = memory
        self._folder = memory.path("outbox")

    def put(self, records):
        """Keep records that are to be sent; returns the letter's number."""
        number = self._memory.next_number("letters")
        self.write(number, [records, None, None])
        return number

    def write(self, number, letter):
        """Keep a letter as it is now."""
        write_whole(os.path.join(self._folder, f"{number:09d}"), cbor2.dumps(letter))

    def read(self, number):
        """A letter."""
        with open(os.path.join(self._folder, f"{number:09d}"), "rb") as file:
            return cbor2.loads(file.read())

    def numbers(self):
        """The letters that are left, the oldest first."""
        return sorted(int(name) for name in os.listdir(self._folder) if name.isdigit())

    def drop(self, number):
        """Forget a letter."""
        os.remove(os.path.join(self._folder, f"{number:09d}"))

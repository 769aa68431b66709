"""`manage.py broker_files`: certificates, revocations and access rules for an MQTT broker."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from energy.services.authorities import authority_of
from energy.services.broker_files import write_broker_files, write_mosquitto_files
from members.models import Cooperative


class Command(BaseCommand):
    """Writes what a broker reads; run it again after a revocation and daily, then let the broker reload (SIGHUP)."""

    help = "Write certificates, revocations and access rules for an MQTT broker such as Mosquitto."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, default=None, help="folder; default: the embedded broker's")
        parser.add_argument("--host", action="append", default=None, help="name or address of the broker; may be repeated")
        parser.add_argument("--user", default="microgrid", help="user by which the platform itself logs in")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        for cooperative in Cooperative.objects.order_by("pk"):
            authority_of(cooperative=cooperative, now=now)
        folder = (options["out"] or settings.BROKER_DIR).resolve()
        names = options["host"] or settings.MQTT_TLS_NAMES
        try:
            written = write_broker_files(folder=folder, host_names=names, now=now)
            if options["out"]:
                written += write_mosquitto_files(folder=folder, user=options["user"])
        except OSError as problem:
            raise CommandError(f"{folder} cannot be written ({problem.strerror}); give another one by --out.") from None
        for path in written:
            self.stdout.write(str(path))

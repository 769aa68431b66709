"""A hamlet in which one household follows another on the second of two days, each with readings that nobody else has."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.db import connection, transaction
from django.test import Client

from billing.models import Document
from billing.services.moves import move
from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.models import Channel, Meter, MeterDay, Site
from grid.services.day_close import close_day
from members.models import Member, Membership, Role, User
from tests.integration.billing.conftest import DAYS, NOW, Hamlet

WENT, CAME = "Waltraud Went", "Carla Came"
# Wh in each quarter hour: nobody else draws so much, so each is a name.
WENT_WH, CAME_WH = 13_577, 24_691


@dataclass(frozen=True)
class Moving:
    """The site, who had it on the first day, and who has it on the second."""

    hamlet: Hamlet
    site: Site
    went: Member
    came: Member

    @property
    def meter(self) -> Meter:
        return Meter.objects.get(site=self.site)

    def hand_over(self, **changes: object) -> None:
        """On the second day."""
        given = {"site": self.site, "member": self.came, "day": DAYS[1], "by": None, "now": NOW + timedelta(hours=1)} | changes
        move(**given)  # type: ignore[arg-type]
        self.site.refresh_from_db()

    def client(self, member: Member) -> Client:
        """Logged in for a member."""
        user, made = User.objects.get_or_create(email=f"{member.number}@moving.example", defaults={"name": member.name})
        if made:
            Membership.objects.create(user=user, cooperative=member.cooperative, member=member, role=Role.MEMBER)
        client = Client()
        client.force_login(user)
        return client

    def document(self, member: Member, kind: str = "bill") -> Document:
        return Document.objects.standing().get(member=member, site=self.site, kind=kind)


def make_moving(hamlet: Hamlet) -> Moving:
    """The site "b 10" of a hamlet, its readings replaced by those two, and both days closed again."""
    site = Site.objects.get(microgrid=hamlet.microgrid, code="b 10")
    Member.objects.filter(pk=site.member_id).update(name=WENT)
    came = Member.objects.create(cooperative=hamlet.cooperative, number="88", name=CAME)
    meter, rows = Meter.objects.get(site=site), []
    for day, wh in zip(DAYS, (WENT_WH, CAME_WH), strict=True):
        count = hamlet.microgrid.local_day(day).interval_count
        rows.append(MeterDayRow(day, meter.pk, int(Channel.IMPORT), np.full(count, wh, np.int32), np.zeros(count, np.int16), version=2))
    with transaction.atomic(), connection.cursor() as cursor:
        MeterDay.objects.filter(meter_id=meter.pk, channel=int(Channel.IMPORT)).update(is_current=False)
        write_rows(cursor, rows, microgrid_id=hamlet.microgrid.pk, provenance="canary", now=NOW, replace=False)
    for day in DAYS:
        close_day(microgrid=hamlet.microgrid, day=day, now=NOW)
    site.refresh_from_db()
    return Moving(hamlet, site, site.member, came)

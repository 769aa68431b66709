"""The room's doors over HTTP: messages in, and each user sees what is theirs."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from energy.models import RefusalCount, TelemetryMessage
from energy.selectors.scope import visible_devices, visible_meters, visible_microgrids, visible_sites
from energy.services.telemetry import Receipt
from members.models import AccessRecord, Cooperative, Member, Membership, Role, User
from tests.integration.energy.conftest import Sender

DAY = date(2016, 3, 28)
Accept = Callable[..., list[Receipt]]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_throttles() -> None:
    cache.clear()


@pytest.fixture
def by_the_real_clock(sender: Sender) -> Sender:
    """The door takes its time from the machine, so this village lives in the present."""
    sender.microgrid.clock_real_start = sender.microgrid.clock_shown_start = None
    sender.microgrid.save()
    return sender


def post(client: Client, body: bytes, content_type: str = "application/cose") -> Any:
    return client.post(reverse("api-telemetry"), body, content_type=content_type)


def test_a_message_is_taken_and_its_replay_acknowledged(client: Client, by_the_real_clock: Sender) -> None:
    from django.utils import timezone

    sender = by_the_real_clock
    body = sender.message(real_now=timezone.now())
    first, second = post(client, body), post(client, body, 'application/cose; cose-type="cose-sign1"')
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == {"device": sender.device.name, "counter": 1, "outcome": "accepted"}
    assert second.json()["outcome"] == "replayed"
    assert TelemetryMessage.objects.get().transport == "http"


@pytest.mark.parametrize(
    ("body", "status", "reason"), [(b"hello", 400, "malformed"), (b"", 400, "malformed"), (b"x" * 65_537, 413, "too_large")]
)
def test_what_is_no_message_is_refused(client: Client, db: None, body: bytes, status: int, reason: str) -> None:
    answer = post(client, body)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["reason"] == reason
    assert RefusalCount.objects.get().reason == reason


def test_a_forged_message_is_refused(client: Client, by_the_real_clock: Sender) -> None:
    from django.utils import timezone

    body = bytearray(by_the_real_clock.message(real_now=timezone.now()))
    body[-1] ^= 1
    answer = post(client, bytes(body))
    assert (answer.status_code, answer.json()["reason"]) == (403, "bad_signature")
    assert not TelemetryMessage.objects.exists()


def test_another_content_type_is_refused_as_a_problem(client: Client, db: None) -> None:
    answer = post(client, b"{}", "application/json")
    assert answer.status_code == 415
    assert answer["Content-Type"] == "application/problem+json"


@pytest.fixture
def people(cooperative: Cooperative, sender: Sender) -> dict[str, User]:
    """A member, an operator, somebody of another cooperative, and nobody in particular."""
    elsewhere = Cooperative.objects.create(slug="elsewhere", name="Elsewhere")
    stranger = Member.objects.create(cooperative=elsewhere, number="1", name="Stranger")
    users = {name: User.objects.create_user(f"{name}@example.org") for name in ("member", "operator", "stranger", "nobody")}
    Membership.objects.create(user=users["member"], cooperative=cooperative, member=sender.meter.site.member, role=Role.MEMBER)
    Membership.objects.create(user=users["operator"], cooperative=cooperative, role=Role.OPERATOR)
    Membership.objects.create(user=users["stranger"], cooperative=elsewhere, member=stranger, role=Role.MEMBER)
    return users


def test_each_sees_what_is_theirs(people: dict[str, User], sender: Sender, senders: dict[str, list[Sender]]) -> None:
    everything = sum(len(devices) for devices in senders.values())
    own = sender.meter.site.meters.count()
    assert {name: visible_meters(user).count() for name, user in people.items()} == {
        "member": own,
        "operator": everything,
        "stranger": 0,
        "nobody": 0,
    }
    assert list(visible_sites(people["member"])) == [sender.meter.site]
    assert visible_devices(people["member"]).count() == own
    assert {name: visible_microgrids(user).count() for name, user in people.items()} == {
        "member": 1,
        "operator": 1,
        "stranger": 0,
        "nobody": 0,
    }


def test_a_member_reads_a_day(client: Client, people: dict[str, User], sender: Sender, accept: Accept) -> None:
    accept(sender.message(blocks=[sender.day_block(DAY, list(range(96)))]))
    client.force_login(people["member"])
    sites = client.get(reverse("api-sites")).json()
    assert [site["code"] for site in sites["results"]] == [sender.meter.code]
    answer = client.get(reverse("api-meter-days", args=[sender.meter.public_id]), {"from": "2016-03-28", "to": "2016-03-29"})
    assert answer.status_code == 200
    [row] = answer.json()["results"]
    assert row["values_wh"] == list(range(96))
    assert (row["day"], row["channel"], row["status"]) == ("2016-03-28", "import", "provisional")
    assert row["start_at"] == "2016-03-27T22:00:00+00:00"
    assert set(row["methods"]) == {"measured"}
    assert not AccessRecord.objects.exists()


def test_what_did_not_change_is_not_sent_again(client: Client, people: dict[str, User], sender: Sender) -> None:
    client.force_login(people["member"])
    address = reverse("api-site", args=[sender.meter.site.public_id])
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_a_look_by_the_operator_is_written_down(client: Client, people: dict[str, User], sender: Sender) -> None:
    client.force_login(people["operator"])
    assert client.get(reverse("api-meter-days", args=[sender.meter.public_id])).status_code == 200
    record = AccessRecord.objects.get()
    assert (record.user, record.member, record.subject) == (people["operator"], sender.meter.site.member, sender.meter.code)


@pytest.mark.parametrize("who", ["stranger", "nobody"])
def test_others_do_not_even_learn_that_a_meter_exists(client: Client, people: dict[str, User], sender: Sender, who: str) -> None:
    client.force_login(people[who])
    answer = client.get(reverse("api-meter-days", args=[sender.meter.public_id]))
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert client.get(reverse("api-sites")).json()["results"] == []


def test_nobody_reads_without_logging_in(client: Client, sender: Sender) -> None:
    assert client.get(reverse("api-sites")).status_code in (401, 403)


@pytest.mark.parametrize(
    "query",
    [{"from": "yesterday"}, {"from": "2016-03-28", "to": "2016-03-28"}, {"from": "2016-01-01", "to": "2016-12-31"}, {"channel": "gas"}],
)
def test_a_span_that_makes_no_sense_is_a_problem(client: Client, people: dict[str, User], sender: Sender, query: dict[str, str]) -> None:
    client.force_login(people["member"])
    answer = client.get(reverse("api-meter-days", args=[sender.meter.public_id]), query)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert set(answer.json()["errors"]) & {"from", "to", "channel"}


def test_a_list_asks_the_database_the_same_few_times(
    client: Client, people: dict[str, User], senders: dict[str, list[Sender]], django_assert_max_num_queries: Any
) -> None:
    client.force_login(people["operator"])
    assert client.get(reverse("api-meters")).json()["count"] == sum(len(devices) for devices in senders.values())
    with django_assert_max_num_queries(6):
        client.get(reverse("api-sites"))
    with django_assert_max_num_queries(5):
        client.get(reverse("api-meters"))


def test_days_of_all_meters_are_streamed_to_who_may_see_them(client: Client, senders: dict[str, list[Sender]], accept: Accept) -> None:
    homes = [one for one in senders["site"] if not one.meter.site.member.is_cooperative][:2]
    for one in homes:
        accept(one.message(blocks=[one.day_block(DAY)]))
    accept(homes[0].message(blocks=[homes[0].part_block(DAY + timedelta(days=1), 0, [5, 6])]))
    microgrid = homes[0].microgrid
    address = reverse("api-microgrid-days", args=[microgrid.public_id])
    span = f"?from={DAY}&to={DAY + timedelta(days=2)}&channel=import"
    operator, member, stranger = (User.objects.create_user(f"{n}@stream.test") for n in "oms")
    Membership.objects.create(user=operator, cooperative=microgrid.cooperative, role=Role.OPERATOR)
    Membership.objects.create(user=member, cooperative=microgrid.cooperative, role=Role.MEMBER, member=homes[0].meter.site.member)

    def lines_for(user: User, query: str = span) -> list[dict[str, Any]]:
        client.force_login(user)
        answer = client.get(address + query)
        assert answer.status_code == 200
        return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]

    seen = lines_for(operator)
    assert [(line["day"], line["meter"]) for line in seen] == [
        *((str(DAY), str(one.meter.public_id)) for one in sorted(homes, key=lambda s: s.meter.pk)),
        (str(DAY + timedelta(days=1)), str(homes[0].meter.public_id)),
    ]
    assert seen[0]["values_wh"] == [10] * 96
    assert "quality" not in seen[0]
    assert (seen[2]["values_wh"][:3], seen[2]["quality"][:3]) == ([5, 6, 0], [0, 0, 15])
    looked = set(AccessRecord.objects.values_list("member", flat=True))
    assert {one.meter.site.member_id for one in homes} <= looked
    before = AccessRecord.objects.count()
    assert {line["meter"] for line in lines_for(member)} == {str(homes[0].meter.public_id)}
    assert AccessRecord.objects.count() == before
    client.force_login(stranger)
    assert client.get(address + span).status_code == 404
    client.force_login(operator)
    assert client.get(f"{address}?from={DAY}&to={DAY + timedelta(days=400)}").status_code == 400

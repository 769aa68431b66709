"""Prices fetched from a service that answers as markets do, slowly, wrongly or not at all."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from billing.adapters.spot.sources import HttpSource, SourceUnavailable
from billing.models import FeedForm, SpotDay, SpotFeed, SpotImport, SpotIndex
from billing.services.spot_feeds import fetch_prices, warn_of_lack
from billing.tasks import fetch_index_prices
from kernel.intervals import LocalDay, zone
from members.models import Membership, Notification, Role, User
from tests.integration.billing.conftest import Hamlet
from tests.integration.billing.test_prices_of_the_hour import hourly
from tests.unit.billing.test_spot_documents import document, series

__all__ = ["hourly"]
DST_DAY = date(2016, 3, 27)
MORNING, AFTERNOON, EVENING = (datetime(2016, 3, 26, hour, tzinfo=UTC) for hour in (8, 13, 17))
Answer = Any


@contextmanager
def market(answers: list[Answer]) -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
    """A service that gives one answer after the other: bytes, a status, or a function that writes; the last one for ever."""
    asked: list[dict[str, list[str]]] = []

    class Desk(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(parse_qs(urlsplit(self.path).query))
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(answer if isinstance(answer, int) else 200)
            self.end_headers()
            if isinstance(answer, bytes):
                self.wfile.write(answer)
            elif callable(answer):
                answer(self.wfile)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api", asked
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


def day_document(day: date, *, price: str = "80") -> bytes:
    local = LocalDay(day, zone("Europe/Berlin"))
    hours = (local.end_at - local.start_at) // timedelta(hours=1)
    return document(series(local.start_at.astimezone(UTC), hours, {1: price, hours: "-5"}))


def feed_at(address: str, **fields: Any) -> SpotFeed:
    return SpotFeed.objects.create(
        index=SpotIndex.objects.get(), form=FeedForm.ENTSOE, address=address, area="10Y1001A1001A82H", **({"is_on": True} | fields)
    )


def source(feed: SpotFeed, **fields: Any) -> HttpSource:
    return HttpSource(feed.form, feed.address, feed.area, "a-secret", **fields)


def test_a_day_is_asked_for_once_it_may_be_known_and_not_again(hourly: Hamlet) -> None:
    with market([day_document(DST_DAY - timedelta(days=1)), day_document(DST_DAY)]) as (address, asked):
        feed = feed_at(address)
        for now, came in ((MORNING, [DST_DAY - timedelta(days=1)]), (MORNING, []), (AFTERNOON, [DST_DAY]), (EVENING, [])):
            feed.refresh_from_db()
            assert fetch_prices(feed=feed, source=source(feed), now=now) == came
    assert [(one["periodStart"], one["periodEnd"], one["securityToken"]) for one in asked] == [
        (["201603252300"], ["201603262300"], ["a-secret"]),
        (["201603262300"], ["201603272200"], ["a-secret"]),
    ]
    assert SpotDay.objects.get(day=DST_DAY).price_micro == [80_000] * 88 + [-5000] * 4
    assert [row.source for row in SpotImport.objects.all()] == ["127.0.0.1"] * 2
    feed.refresh_from_db()
    assert (feed.failures, feed.problem, feed.succeeded_at) == (0, "", AFTERNOON)


def test_what_goes_wrong_is_kept_and_tried_again_later_each_time(hourly: Hamlet) -> None:
    half = document(series(datetime(2016, 3, 25, 23, tzinfo=UTC), 12, {1: "80"}))
    with market([503, b"<html/>", half, day_document(date(2016, 3, 26))]) as (address, asked):
        feed = feed_at(address)
        told = []
        for minutes in (0, 4, 5, 14, 15, 34, 35):
            feed.refresh_from_db()
            fetch_prices(feed=feed, source=source(feed), now=MORNING + timedelta(minutes=minutes))
            feed.refresh_from_db()
            told.append((len(asked), feed.failures, feed.problem))
    assert [(count, failures) for count, failures, _ in told] == [(1, 1), (1, 1), (2, 2), (2, 2), (3, 3), (3, 3), (4, 0)]
    assert told[0][2] == "127.0.0.1 answered 503."
    assert told[2][2].startswith("The file is html of type None")
    assert told[4][2] == "127.0.0.1 knows not all prices of 2016-03-26 yet."
    assert "a-secret" not in "".join(problem for _, _, problem in told)


def test_nobody_is_waited_for_longer_or_listened_to_more_than_agreed(hourly: Hamlet) -> None:
    def drip(out: Any) -> None:
        for _ in range(30):
            out.write(b" ")
            out.flush()
            time.sleep(0.02)

    def flood(out: Any) -> None:
        for _ in range(80):
            out.write(b" " * 65_536)

    day = LocalDay(DST_DAY, zone("Europe/Berlin"))
    with market([drip, flood, lambda out: time.sleep(0.4)]) as (address, _):
        patient = HttpSource("awattar", address, "", whole_patience_s=0.1, patience_s=0.2)
        for told in ("took longer", "more than 4 MB", "does not answer"):
            with pytest.raises((SourceUnavailable, ConnectionError), match=told):
                patient.document(day)
    with pytest.raises(SourceUnavailable, match="does not answer"):
        patient.document(day)
    with pytest.raises(SourceUnavailable, match="must begin with https"):
        HttpSource("awattar", "file:///etc/passwd", "").document(day)


def test_a_feed_is_off_until_it_is_turned_on(hourly: Hamlet) -> None:
    with market([b"x"]) as (address, asked):
        feed = feed_at(address, is_on=False)
        assert fetch_prices(feed=feed, source=source(feed), now=AFTERNOON) == []
        assert fetch_index_prices() == 0
        assert asked == []
        SpotFeed.objects.update(is_on=True)
        assert fetch_index_prices() == 0
        assert len(asked) == 1
    assert "no sound" in SpotFeed.objects.get().problem or "header" in SpotFeed.objects.get().problem


def test_who_makes_tariffs_is_told_once_when_prices_are_late(hourly: Hamlet) -> None:
    treasurer = User.objects.create_user("treasurer@example.org", "a long enough word", language="de")
    Membership.objects.create(user=treasurer, cooperative=hourly.cooperative, role=Role.TARIFF_ADMIN)
    index = SpotIndex.objects.get()
    feed_at("https://example.org/api", problem="example.org answered 503.")
    in_force = datetime(2016, 4, 2, 8, tzinfo=UTC)
    assert warn_of_lack(index=index, now=datetime(2016, 3, 20, 17, tzinfo=UTC)) == 0  # nobody follows it yet
    assert [warn_of_lack(index=index, now=in_force) for _ in range(2)] == [1, 0]
    assert warn_of_lack(index=index, now=in_force.replace(hour=17)) == 1
    first, second = Notification.objects.filter(user=treasurer).order_by("created_at", "pk")
    assert first.subject == "Day ahead: keine Preise für den 02.04.2016"
    assert "example.org answered 503." in second.text


def test_a_treasurer_sets_a_feed_up_and_uploads_what_a_market_published(hourly: Hamlet, client: Any) -> None:
    treasurer = User.objects.create_user("treasurer@example.org", "a long enough word", is_staff=True)
    Membership.objects.create(user=treasurer, cooperative=hourly.cooperative, role=Role.TARIFF_ADMIN)
    client.force_login(treasurer, backend="django.contrib.auth.backends.ModelBackend")
    index = SpotIndex.objects.get()
    page = reverse("admin:billing_spotindex_change", args=[index.pk])
    answer = client.post(
        page,
        {
            "cooperative": hourly.cooperative.pk,
            "code": index.code,
            "name": index.name,
            "time_zone": index.time_zone,
            "feed-TOTAL_FORMS": "1",
            "feed-INITIAL_FORMS": "0",
            "feed-0-form": "energy_charts",
            "feed-0-area": "DE-LU",
            "feed-0-address": "https://api.energy-charts.info/price",
            "feed-0-asks_from": "13:00",
        },
    )
    assert answer.status_code == 302, answer.content.decode()[:2000]
    assert SpotFeed.objects.get().is_on is False
    for rate, told in (("", "say what one PLN is worth in EUR"), ("0.25", "")):
        content = document(series(datetime(2016, 3, 26, 23, tzinfo=UTC), 23, {1: "400"}, currency="PLN"))
        file = SimpleUploadedFile("pl.xml", content)
        sent = client.post(reverse("admin:billing_spotindex_file", args=[index.pk]), {"file": file, "source": "PSE", "exchange_rate": rate})
        assert sent.status_code == (200 if told else 302)
        assert told in sent.content.decode()
    assert SpotDay.objects.get().price_micro == [100_000] * 92

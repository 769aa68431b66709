"""A full month as a meter reader and the notice board know it, and what its documents say, in one form to compare."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from billing.models import Document
from billing.services.bank_orders import release_order
from billing.services.payouts import prepare_payouts
from energy.models import Channel, Meter, MeterDay
from members.models import Cooperative, User
from tests.integration.billing.full_month import FullMonth
from tests.month_reference import Key, Paper, Stay, Version, Village

BERLIN = ZoneInfo("Europe/Berlin")
START = date(2016, 1, 1)


def F(text: str) -> Fraction:
    return Fraction(text)


def versions(month: FullMonth) -> list[Version]:
    """Prices as they were agreed: what evenings cost is the base price times a factor."""
    changes = [
        Version("members", p.since, F(p.standing), F(p.energy), F(p.energy) * F(p.multiplier), F(p.export), F("0.01"), F("0.19"))
        for p in month.plan.versions
    ]
    return [
        Version("members", START, F("0.105"), F("0.27"), F("0.324"), F("0.083"), F("0.01"), F("0.19")),
        *changes,
        Version("own-sites", START, F("0"), F("0.27"), F("0.324"), F("0.083"), F("0.01"), F("0.19")),
        Version("hourly", START, F("0.08"), F("0"), F("0"), F("0.05"), F("0"), F("0.19"), F("1.2"), F("0.02")),
    ]


def readings(month: FullMonth, channel: Channel) -> dict[str, dict[date, list[int]]]:
    meters = dict(Meter.objects.filter(microgrid=month.hamlet.microgrid).values_list("pk", "site__code"))
    found: dict[str, dict[date, list[int]]] = {code: {} for code in meters.values()}
    rows = MeterDay.objects.filter(meter_id__in=meters, channel=int(channel), is_current=True, day__in=month.plan.days)
    for meter_id, day, values in rows.values_list("meter_id", "day", "values_wh"):
        found[meters[meter_id]][day] = values
    return found


def quarter_hours(day: date) -> list[datetime]:
    """From midnight to midnight by the clock on the wall; nothing of the project's calendar is used."""
    first, after = (datetime.combine(d, time(), BERLIN).astimezone(UTC) for d in (day, day + timedelta(days=1)))
    return [(first + timedelta(minutes=15) * i).astimezone(BERLIN) for i in range((after - first) // timedelta(minutes=15))]


def village(month: FullMonth) -> Village:
    """What a meter reader and the notice board know."""
    grid, days = month.hamlet.microgrid, month.plan.days
    sites = list(grid.sites.select_related("member"))
    stays = {}
    for code, known in month.stays.items():
        ends = [day - timedelta(days=1) for day, _ in known[1:]] + [days[-1]]
        stays[code] = [Stay(member.number, first, last) for (first, member), last in zip(known, ends, strict=True)]
    tariff_of = {site.code: "members" for site in sites} | {"C-own": "own-sites", "Z 1": "hourly"}
    starts = {day: quarter_hours(day) for day in days}
    index = {
        s.astimezone(UTC): Fraction(month.plan.index_at(s.astimezone(UTC).replace(minute=0))) for of_day in starts.values() for s in of_day
    }
    return Village(
        days,
        starts,
        readings(month, Channel.IMPORT),
        readings(month, Channel.EXPORT),
        stays,
        tariff_of,
        versions(month),
        "members",
        list(month.plan.rules),
        index,
        {s.member.number for s in sites if s.member.is_cooperative},
    )


def documents(found: Sequence[Document]) -> dict[Key, Paper]:
    return {
        (d.site.code, d.member.number, d.first_day, d.kind): Paper(
            sorted((x.component, x.window, x.quantity, x.net_minor) for x in d.lines.all()), d.net_minor, d.vat_minor
        )
        for d in found
    }


def standing(month: FullMonth) -> list[Document]:
    rows = Document.objects.standing().filter(cooperative=month.hamlet.cooperative)
    return list(rows.select_related("site", "member").prefetch_related("lines"))


def assert_equal(said: dict[Key, Paper], reckoned: dict[Key, Paper]) -> None:
    assert said.keys() == reckoned.keys()
    for key, paper in reckoned.items():
        assert said[key].lines == paper.lines, key
        assert (said[key].net, said[key].vat) == (paper.net, paper.vat), key


def refunds_leave(month: FullMonth, now: datetime) -> None:
    """What was asked for leaves with an order that a second person releases."""
    Cooperative.objects.filter(pk=month.hamlet.cooperative.pk).update(iban="DE89370400440532013000")
    cooperative = Cooperative.objects.get(pk=month.hamlet.cooperative.pk)
    prepares, releases = (User.objects.create_user(f"{name}@march.example") for name in ("one", "two"))
    order = prepare_payouts(cooperative=cooperative, user=prepares, now=now)
    release_order(order=order, user=releases, now=now)

"""Loading a table of metering points into a microgrid, wholly or not at all; what is there and says the same stays, so a second run changes nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from energy.domain.reading_files import MOST_PROBLEMS, RowProblem
from energy.domain.site_table import COOPERATIVE, OF_SITE, CannotReadSites, ListedLoad, ListedSite, ListedSource, ListedStorage, Value
from energy.models import Consumer, Microgrid, Node, Site, SiteOwnership, Source, StorageUnit
from energy.models.assets import Asset
from energy.models.sites import SiteKind
from energy.services.connections import CannotConnect, beginning, connect_site, meter_asset
from members.models import Member
from members.services.cooperatives import cooperative_as_member

DEFAULT_LANGUAGE = "en"
EVERY = 20
ASK_STAFF = "change it in the admin, or write here what stands there"


@dataclass(slots=True)
class SiteReport:
    """What an import made, or would make."""

    sites: int = 0
    members: int = 0
    loads: int = 0
    sources: int = 0
    storages: int = 0
    meters: int = 0

    @property
    def is_unchanged(self) -> bool:
        return not (self.sites or self.members or self.loads or self.sources or self.storages or self.meters)


class _Import:
    """One run: what is known already, what came about, and what is wrong."""

    def __init__(self, microgrid: Microgrid, now: datetime) -> None:
        cooperative = microgrid.cooperative
        self.microgrid, self.now = microgrid, now
        self.report = SiteReport()
        self.problems: list[RowProblem] = []
        self.own = cooperative_as_member(cooperative)
        self.members = {member.number: member for member in Member.objects.filter(cooperative=cooperative)}
        self.nodes = {node.code: node for node in Node.objects.filter(microgrid=self.microgrid).at(None)}
        rows = Site.objects.filter(microgrid=self.microgrid).select_related("member", "node", "microgrid")
        self.sites = {site.code: site for site in rows}

    def wrong(self, row: int, column: str, what: str, mending: str) -> None:
        self.problems.append(RowProblem(row, column, what, mending))


class _OnlyChecked(Exception):
    """Rolls a checking run back."""


def import_sites(
    *,
    microgrid: Microgrid,
    listed: Sequence[ListedSite],
    now: datetime,
    check_only: bool = False,
    say: Callable[[int], None] = lambda done: None,
) -> SiteReport:
    """Make what the table lists and the microgrid does not have: members, sites with their meters, loads, sources, storages.

    What is there stays as it is; where the table says something else of it, nothing is loaded. `now` is the microgrid's; `say` is told how many sites are done.

    Raises:
        CannotReadSites: with every row that contradicts what is there, or names a node that is not.
    """
    try:
        with transaction.atomic():
            Microgrid.objects.select_for_update().get(pk=microgrid.pk)
            run = _Import(microgrid, now)
            for done, site in enumerate(listed, start=1):
                _site(run, site)
                if done % EVERY == 0:
                    say(done)
                if len(run.problems) >= MOST_PROBLEMS:
                    break
            if run.problems:
                raise CannotReadSites(run.problems[:MOST_PROBLEMS])
            if check_only:
                raise _OnlyChecked
    except _OnlyChecked:
        pass
    return run.report


def _site(run: _Import, listed: ListedSite) -> None:
    member = _member(run, listed)
    node = _node(run, listed)
    site = run.sites.get(listed.code)
    if site is not None:
        _same_site(run, site, listed)
    elif member is not None and (node is not None or "node" not in listed.given):
        site = _connect(run, listed, member, node)
    if site is not None:
        _things(run, site, listed)


def _member(run: _Import, listed: ListedSite) -> Member | None:
    if listed.member == COOPERATIVE:
        if listed.member_given:
            column = next(iter(listed.member_given))
            run.wrong(listed.row, column, "the cooperative's own data stand elsewhere", "leave the cell empty; see the admin, Cooperatives")
            return None
        return run.own
    given = dict(listed.member_given)
    name = given.pop("member_name", None)
    known = run.members.get(listed.member)
    if known is None:
        return _new_member(run, listed, name, given)
    said = given if name is None else {**given, "member_name": name}
    for column, value in said.items():
        stands = known.name if column == "member_name" else getattr(known, column)
        if stands != value:
            run.wrong(listed.row, column, f"member {listed.member} has '{stands}', the table says '{value}'", ASK_STAFF)
            return None
    return known


def _new_member(run: _Import, listed: ListedSite, name: str | None, given: Mapping[str, str]) -> Member | None:
    if name is None:
        run.wrong(listed.row, "member_name", f"member {listed.member} is new and has no name", "write it")
        return None
    try:
        validate_email(given.get("email", "a@b.example"))
    except ValidationError:
        run.wrong(listed.row, "email", f"'{given['email']}' is no e-mail address", "write it as ana@example.org")
        return None
    member = Member.objects.create(
        cooperative=run.microgrid.cooperative, number=listed.member, name=name, **{"language": DEFAULT_LANGUAGE, **given}
    )
    run.members[member.number] = member
    run.report.members += 1
    return member


def _node(run: _Import, listed: ListedSite) -> Node | None:
    code = listed.given.get("node")
    if code is None:
        return None
    node = run.nodes.get(str(code))
    if node is None:
        known = ", ".join(sorted(run.nodes)[:5])
        run.wrong(
            listed.row,
            "node",
            f"there is no node '{code}'",
            f"load the wires first (import_grid), or write one that is there ({known} ...)"
            if known
            else "load the wires first (import_grid)",
        )
    return node


def _same_site(run: _Import, site: Site, listed: ListedSite) -> None:
    """Note what the table says otherwise of a site that is there."""
    meter = site.meters.filter(kind="site").order_by("pk").first()
    owner = SiteOwnership.objects.select_related("member").get(site=site, valid_to=None).member
    stands: dict[str, Any] = {
        "member": COOPERATIVE if owner == run.own else owner.number,
        "kind": site.kind,
        "name": site.name,
        "node": site.node.code if site.node else None,
        "phases": site.phases,
        "fuse_a": site.fuse_a,
        "metered_from": None if meter is None or meter.installed_at is None else meter.installed_at.astimezone(run.microgrid.zone).date(),
    }
    for column in OF_SITE:
        value = listed.given.get(column)
        if column == "member" and value == run.own.number:
            value = COOPERATIVE
        if value is not None and stands[column] != value:
            shown = "nothing" if stands[column] is None else f"'{stands[column]}'"
            run.wrong(listed.row, column, f"site {listed.code} has {shown}, the table says '{value}'", ASK_STAFF)


def _connect(run: _Import, listed: ListedSite, member: Member, node: Node | None) -> Site | None:
    given = listed.given
    site = Site(
        microgrid=run.microgrid,
        member=member,
        node=node,
        code=listed.code,
        name=str(given.get("name") or _name(run, listed, member)),
        kind=str(given.get("kind") or _usual_kind(listed)),
        phases=str(given.get("phases") or "123"),
        fuse_a=_whole(given.get("fuse_a")),
    )
    try:
        connect_site(site=site, metered_from=_day(given.get("metered_from")), by=None, now=run.now)
    except CannotConnect as why:
        run.wrong(listed.row, "site", f"{listed.code} cannot be connected", str(why))
        return None
    run.report.sites += 1
    run.report.meters += 1
    return site


def _name(run: _Import, listed: ListedSite, member: Member) -> str:
    """The member's street; the code with it where several sites are there, and alone where the site is the cooperative's."""
    if not member.street or member.pk == run.own.pk:
        return listed.code
    taken = Site.objects.filter(microgrid=run.microgrid, name=member.street).exists()
    return f"{member.street[: 120 - len(listed.code) - 2]}, {listed.code}" if taken else member.street


def _usual_kind(listed: ListedSite) -> SiteKind:
    if any(load.kind == "business" for load in listed.loads):
        return SiteKind.BUSINESS
    if listed.member != COOPERATIVE:
        return SiteKind.HOUSEHOLD
    return SiteKind.STORAGE if listed.storages else SiteKind.PLANT if listed.sources else SiteKind.LOAD


def _things(run: _Import, site: Site, listed: ListedSite) -> None:
    """What stands behind the site: new things are made, those that are there must say the same."""
    known = _by_code(Consumer.objects.filter(site=site))
    for load in listed.loads:
        run.report.loads += _thing(run, listed, known, Consumer(site=site, code=load.code, **_of_load(load)))
    known = _by_code(Source.objects.filter(site=site))
    for source in listed.sources:
        run.report.sources += _thing(run, listed, known, Source(site=site, code=source.code, **_of_source(source)))
    known = _by_code(StorageUnit.objects.filter(site=site))
    for storage in listed.storages:
        unit = StorageUnit(site=site, code=storage.code, soc_wh=storage.soc_min_wh, **_of_storage(storage))
        run.report.storages += _thing(run, listed, known, unit)


def _by_code(rows: Any) -> dict[str, Asset]:
    return {row.code: row for row in rows}


def _thing(run: _Import, listed: ListedSite, known: Mapping[str, Asset], thing: Consumer | Source | StorageUnit) -> int:
    """Store a thing with its meter unless it is there; 1 where it is new."""
    there = known.get(thing.code)
    if there is not None:
        for column, name in COMPARED[type(thing)].items():
            if getattr(there, name) != getattr(thing, name):
                run.wrong(
                    listed.row, column, f"{thing.code} has '{getattr(there, name)}', the table says '{getattr(thing, name)}'", ASK_STAFF
                )
        return 0
    thing.save()
    if not isinstance(thing, Consumer):
        try:
            meter_asset(asset=thing, installed_at=beginning(run.microgrid, _day(listed.given.get("metered_from"))))
        except CannotConnect as why:
            run.wrong(listed.row, "site", f"{thing.code} cannot have a meter", str(why))
            return 0
        run.report.meters += 1
    return 1


COMPARED: dict[type[Asset], dict[str, str]] = {
    Consumer: {"load": "kind", "load_w": "max_demand_w", "tier": "priority_tier"},
    Source: {"source": "kind", "source_w": "capacity_w", "source_since": "commissioned_date"},
    StorageUnit: {
        "storage_wh": "capacity_wh",
        "charge_w": "charge_max_w",
        "discharge_w": "discharge_max_w",
        "eta_charge": "eta_charge",
        "eta_discharge": "eta_discharge",
        "soc_min_wh": "soc_min_wh",
        "soc_max_wh": "soc_max_wh",
    },
}


def _of_load(load: ListedLoad) -> dict[str, Any]:
    return {"kind": load.kind, "max_demand_w": load.power_w, "priority_tier": load.tier}


def _of_source(source: ListedSource) -> dict[str, Any]:
    return {"kind": source.kind, "capacity_w": source.power_w, "commissioned_date": source.since}


def _of_storage(storage: ListedStorage) -> dict[str, Decimal | int]:
    return {
        "capacity_wh": storage.capacity_wh,
        "charge_max_w": storage.charge_w,
        "discharge_max_w": storage.discharge_w,
        "eta_charge": storage.eta_charge,
        "eta_discharge": storage.eta_discharge,
        "soc_min_wh": storage.soc_min_wh,
        "soc_max_wh": storage.soc_max_wh,
    }


def _whole(value: Value | None) -> int | None:
    return value if isinstance(value, int) else None


def _day(value: Value | None) -> date | None:
    return value if isinstance(value, date) else None

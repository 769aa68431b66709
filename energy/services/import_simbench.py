"""Loading a network in SimBench's format as a microgrid: wires, sites, meters, and what virtual meters will measure."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
from django.db import connection, transaction

from energy.adapters.binary_copy import Column, copy_in
from energy.adapters.simbench_folder import CannotReadNetwork, Profiles, Row, SimbenchNetwork, read_network
from energy.adapters.simbench_topology import planned_line, planned_nodes, planned_transformer
from energy.domain.site_plan import Connected, PlannedSite, plan_sites
from energy.models import Consumer, Line, Meter, Microgrid, Node, Site, Source, StorageUnit, Transformer
from energy.models.assets import ConsumerKind, SourceKind
from energy.models.meters import MeterKind
from energy.models.sites import SiteKind
from energy.services.import_topology import line_columns, node_columns, transformer_columns
from members.models import Cooperative, Member
from members.services.cooperatives import cooperative_as_member

MEGA = 1_000_000
FIRST_NAMES = [
    "Ada",
    "Anna",
    "Ben",
    "Birte",
    "Carla",
    "Conrad",
    "Dora",
    "Edda",
    "Emil",
    "Enno",
    "Frieda",
    "Fritz",
    "Greta",
    "Gustav",
    "Hanna",
    "Hauke",
    "Ida",
    "Ilse",
    "Jakob",
    "Jette",
    "Karl",
    "Klara",
    "Lasse",
    "Lena",
    "Lotte",
    "Ludwig",
    "Mara",
    "Mathis",
    "Merle",
    "Moritz",
    "Nele",
    "Nils",
    "Oda",
    "Otto",
    "Paula",
    "Piet",
    "Rike",
    "Ruth",
    "Sina",
    "Theo",
    "Thea",
    "Till",
    "Ute",
    "Veit",
    "Wiebke",
    "Wilma",
]
LAST_NAMES = [
    "Ahrens",
    "Bartels",
    "Behrens",
    "Boldt",
    "Brandt",
    "Carstens",
    "Drews",
    "Eggert",
    "Evers",
    "Fock",
    "Freese",
    "Gerdes",
    "Hagen",
    "Hansen",
    "Harms",
    "Hinrichs",
    "Janssen",
    "Jessen",
    "Kahl",
    "Kröger",
    "Kruse",
    "Lange",
    "Lüders",
    "Maack",
    "Meincke",
    "Möller",
    "Niemann",
    "Ohlsen",
    "Petersen",
    "Prahl",
    "Rathje",
    "Rohde",
    "Schütt",
    "Sievers",
    "Stolten",
    "Thoms",
    "Timm",
    "Voss",
    "Wendt",
    "Wulf",
]
STREETS = ("Am Anger", "Dorfstraße", "Lindenallee", "Mühlenweg", "Seeweg", "Kirchsteig", "Zum Moor", "Feldrain")
SOURCE_KINDS = {
    "PV": SourceKind.SOLAR,
    "Wind": SourceKind.WIND,
    "Hydro": SourceKind.HYDRO,
    "Biomass": SourceKind.BIOGAS,
    "BM": SourceKind.BIOGAS,
    "CHP": SourceKind.BIOGAS,
}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What stands in the database after an import."""

    microgrid: Microgrid
    created: bool
    sites: int
    meters: int
    sources: int
    storages: int


def import_network(
    *, folder: Path, cooperative: Cooperative, slug: str, name: str, time_zone: str, say: Callable[[str], None] = lambda text: None
) -> ImportReport:
    """Load a folder as a microgrid of `cooperative`, wholly or not at all; the same folder again changes nothing.

    Raises:
        CannotReadNetwork: the folder is wrong, or the microgrid holds another network already.
    """
    network = read_network(folder, say)
    existing = Microgrid.objects.filter(slug=slug).first()
    if existing is not None:
        if existing.external_ref != network.digest:
            raise CannotReadNetwork(f"The microgrid '{slug}' already holds another network; choose another name for this one.")
        return _report(existing, created=False)
    with transaction.atomic():
        microgrid = _microgrid(network, cooperative, slug, name, time_zone)
        say("laying wires")
        nodes = _wires(microgrid, network)
        say("connecting sites")
        _sites(microgrid, network, nodes)
        say("loading profiles")
        _profile_days(microgrid, network.load_profiles)
        if network.source_profiles is not None:
            _profile_days(microgrid, network.source_profiles)
    return _report(microgrid, created=True)


def _report(microgrid: Microgrid, *, created: bool) -> ImportReport:
    return ImportReport(
        microgrid,
        created,
        microgrid.sites.count(),
        microgrid.meters.count(),
        Source.objects.filter(site__microgrid=microgrid).count(),
        StorageUnit.objects.filter(site__microgrid=microgrid).count(),
    )


def _microgrid(network: SimbenchNetwork, cooperative: Cooperative, slug: str, name: str, time_zone: str) -> Microgrid:
    rating_va = sum(network.transformer_types[row.text("type")].number_of("sR") for row in network.transformers) * MEGA
    return Microgrid.objects.create(
        cooperative=cooperative,
        slug=slug,
        name=name,
        time_zone=time_zone,
        interval_minutes=15,
        import_limit_w=round(rating_va) or None,
        export_limit_w=round(rating_va) or None,
        external_ref=network.digest,
    )


def _wires(microgrid: Microgrid, network: SimbenchNetwork) -> dict[str, Node]:
    transformers = [planned_transformer(row, network.transformer_types, network.busbar_of) for row in network.transformers]
    plans = planned_nodes(network.nodes, network.busbar_of, network.coordinates, transformers)
    built = [Node(microgrid=microgrid, code=plan.code, **node_columns(plan)) for plan in plans]
    nodes = {node.code: node for node in Node.objects.bulk_create(built)}
    for row in network.lines:
        row.number_of("length", least=0.0)  # a plan may leave it open; a microgrid that is to be balanced may not
    lines = [planned_line(row, network.line_types, network.busbar_of) for row in network.lines]
    Line.objects.bulk_create(Line(microgrid=microgrid, code=plan.code, **line_columns(plan, nodes)) for plan in lines)
    Transformer.objects.bulk_create(
        Transformer(microgrid=microgrid, code=plan.code, **transformer_columns(plan, nodes)) for plan in transformers
    )
    return nodes


def _is_home(profile: str) -> bool:
    return profile.startswith(("H0", "G")) and not profile.startswith("HLS")


def _sites(microgrid: Microgrid, network: SimbenchNetwork, nodes: dict[str, Node]) -> None:
    loads = {row.text("id"): row for row in network.loads}
    sources = {row.text("id"): row for row in network.sources}
    storages = {row.text("id"): row for row in network.storages}

    def connected(rows: dict[str, Row]) -> list[Connected]:
        return [
            Connected(code, network.busbar_of[row.text("node")], _is_home(row.cells.get("profile") or "")) for code, row in rows.items()
        ]

    plan = plan_sites(connected(loads), connected(sources), connected(storages))
    members = _members(microgrid, [site.code for site in plan if site.owner_is_member])
    own = cooperative_as_member(microgrid.cooperative)
    sites = Site.objects.bulk_create(
        Site(
            microgrid=microgrid,
            member=members[p.code] if p.owner_is_member else own,
            node=nodes[p.busbar],
            code=p.code,
            name=_site_name(p, members),
            kind=_site_kind(p, loads),
        )
        for p in plan
    )
    by_code = {site.code: site for site in sites}
    Consumer.objects.bulk_create(_consumer(by_code[p.code], loads[code]) for p in plan for code in p.loads)
    made_sources = Source.objects.bulk_create(_source(by_code[p.code], sources[code]) for p in plan for code in p.sources)
    made_storages = StorageUnit.objects.bulk_create(_storage(by_code[p.code], storages[code]) for p in plan for code in p.storages)
    meters = [Meter(microgrid=microgrid, site=site, kind=MeterKind.SITE, code=site.code) for site in sites]
    meters += [Meter(microgrid=microgrid, site=s.site, kind=MeterKind.SOURCE, source=s, code=f"{s.code} generation") for s in made_sources]
    meters += [Meter(microgrid=microgrid, site=s.site, kind=MeterKind.STORAGE, storage=s, code=f"{s.code} battery") for s in made_storages]
    Meter.objects.bulk_create(meters)


def _members(microgrid: Microgrid, codes: list[str]) -> dict[str, Member]:
    """Fictitious people, the same for the same codes, numbered after the last number given."""
    cooperative = microgrid.cooperative
    chance = random.Random("|".join(codes))
    names: set[str] = set()
    people = []
    given = Member.objects.filter(cooperative=cooperative).values_list("number", flat=True)
    last_number = max([1000, *(int(number) for number in given if number.isdecimal())])
    for position, code in enumerate(codes, start=1):
        name = _new_name(chance, names)
        names.add(name)
        people.append(
            Member(
                cooperative=cooperative,
                number=f"{last_number + position}",
                name=name,
                street=f"{chance.choice(STREETS)} {chance.randint(1, 60)}",
                postal_code=cooperative.postal_code,
                city=cooperative.city,
                country=cooperative.country,
                language=chance.choice(["de", "de", "en"]),
                publishes_usage=chance.random() < 0.3,
                external_ref=f"{microgrid.slug}/{code}"[:120],
            )
        )
    return dict(zip(codes, Member.objects.bulk_create(people), strict=True))


def _new_name(chance: random.Random, names: set[str]) -> str:
    for _ in range(50):
        name = f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}"
        if name not in names:
            return name
    return f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}-{chance.choice(LAST_NAMES)}"


def _site_name(plan: PlannedSite, members: dict[str, Member]) -> str:
    if plan.owner_is_member:
        return f"{members[plan.code].street}"
    what = "Battery" if plan.storages else "Plant" if plan.sources else "Load"
    return f"{what} {plan.code.split(' ')[-1]}"


def _site_kind(plan: PlannedSite, loads: dict[str, Row]) -> SiteKind:
    if plan.storages:
        return SiteKind.STORAGE
    if not plan.loads:
        return SiteKind.PLANT
    if not plan.owner_is_member:
        return SiteKind.LOAD
    return SiteKind.HOUSEHOLD if loads[plan.loads[0]].text("profile").startswith("H0") else SiteKind.BUSINESS


def _consumer(site: Site, row: Row) -> Consumer:
    profile = row.text("profile")
    kind, tier = ConsumerKind.OTHER, 2
    if profile.startswith("H0"):
        kind, tier = ConsumerKind.HOUSEHOLD, 2
    elif profile.startswith(("Air", "Soil")):
        kind, tier = ConsumerKind.HEAT_PUMP, 3
    elif profile.startswith(("HLS", "APLS")):
        kind, tier = ConsumerKind.CAR_CHARGER, 4
    elif profile.startswith("G"):
        kind, tier = ConsumerKind.BUSINESS, 1
    power_w = row.number_of("pLoad", least=0.0) * MEGA
    return Consumer(
        site=site,
        code=row.text("id"),
        kind=kind,
        priority_tier=tier,
        profile=profile,
        max_demand_w=round(row.number_of("sR", power_w / MEGA, least=0.0) * MEGA),
        profile_power_w=_milli(power_w),
        profile_reactive_var=_milli(row.number_of("qLoad", 0.0) * MEGA),
    )


def _source(site: Site, row: Row) -> Source:
    power_w = row.number_of("pRES", least=0.0) * MEGA
    return Source(
        site=site,
        code=row.text("id"),
        kind=SOURCE_KINDS.get(row.text("type"), SourceKind.SOLAR),
        capacity_w=round(row.number_of("sR", power_w / MEGA, least=0.0) * MEGA),
        profile=row.text("profile"),
        profile_power_w=_milli(power_w),
    )


def _storage(site: Site, row: Row) -> StorageUnit:
    capacity_wh = round(row.number_of("eStore", least=0.0) * MEGA)
    power_w = round(row.number_of("sR", least=0.0) * MEGA)
    efficiency = Decimal(str(row.number_of("etaStore")))
    if not 0 < efficiency <= 1:
        raise row.fail("etaStore", f"{efficiency} is no efficiency: it lies above 0 and is at most 1")
    return StorageUnit(
        site=site,
        code=row.text("id"),
        capacity_wh=capacity_wh,
        soc_max_wh=capacity_wh,
        soc_wh=capacity_wh // 2,
        charge_max_w=power_w,
        discharge_max_w=power_w,
        eta_charge=efficiency,
        eta_discharge=efficiency,
        self_discharge_per_day=Decimal(str(row.number_of("sdStore", 0.0, least=0.0))) / 100,
    )


def _milli(power_w: float) -> Decimal:
    return Decimal(repr(power_w)).quantize(Decimal("0.001"))


def _profile_days(microgrid: Microgrid, profiles: Profiles) -> None:
    """Cut the rows, which follow each other without a gap in real time, into whole local days."""
    start = profiles.first_label.replace(tzinfo=microgrid.zone).astimezone(UTC)
    spans = _whole_days(microgrid, start, len(profiles.shares))
    with connection.cursor() as cursor:
        for name, column in zip(profiles.names, profiles.shares.T, strict=True):
            for count in sorted({last - first for _, first, last in spans}):
                chosen = [(day, first) for day, first, last in spans if last - first == count]
                encoded = name.encode()
                values = {
                    "microgrid_id": microgrid.pk,
                    "name": encoded,
                    "day": np.array([day for day, _ in chosen], dtype="datetime64[D]"),
                    "shares": np.stack([column[first : first + count] for _, first in chosen]),
                }
                columns = [
                    Column("microgrid_id", "int8"),
                    Column("name", "bytes", len(encoded)),
                    Column("day", "date"),
                    Column("shares", "float8[]", count),
                ]
                copy_in(cursor, "energy_referenceprofileday", columns, values, len(chosen))


def _whole_days(microgrid: Microgrid, start: datetime, rows: int) -> list[tuple[date, int, int]]:
    """Days wholly covered by the rows, with their first row and the row after their last."""
    spans: list[tuple[date, int, int]] = []
    day = start.astimezone(microgrid.zone).date()
    step = timedelta(minutes=microgrid.interval_minutes)
    while True:
        local_day = microgrid.local_day(day)
        first = round((local_day.start_at - start) / step)
        last = first + local_day.interval_count
        if last > rows:
            return spans
        if first >= 0:
            spans.append((day, first, last))
        day += timedelta(days=1)

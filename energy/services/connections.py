"""Connecting a site to its microgrid: with it comes its meter, and with each source and storage behind it one of its own."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from energy.models import Meter, Microgrid, Node, Site, SiteOwnership, Source, StorageUnit
from energy.models.meters import MeterKind
from energy.models.sites import SiteKind
from energy.services.device_meters import CannotMeterDevice, check_free
from energy.services.ownership import CannotMove, hand_over
from members.models import User
from members.services.cooperatives import cooperative_as_member


class CannotConnect(ValueError):
    """The site or its meter cannot be like that; the message says why and what to do."""


def check_site(*, site: Site) -> None:
    """Whether a site can be connected: its member and node are those of its microgrid, its code is free.

    Raises:
        CannotConnect: it cannot.
    """
    if site.kind == SiteKind.NETWORK:
        raise CannotConnect(_("A measuring point in the network comes with its meter: page Grid, Bypass."))
    if site.member.cooperative_id != site.microgrid.cooperative_id:
        raise CannotConnect(_("{member} belongs to another cooperative; choose one of this one.").format(member=site.member))
    check_node(microgrid=site.microgrid, node=site.node)
    try:
        check_free(site.microgrid, site.code)
    except CannotMeterDevice as why:
        raise CannotConnect(str(why)) from None


def check_node(*, microgrid: Microgrid, node: Node | None) -> None:
    """Whether a site of the microgrid can hang on the node; on none it may, then power flow leaves it out.

    Raises:
        CannotConnect: the node is another microgrid's, or no longer there.
    """
    if node is not None and (node.microgrid_id != microgrid.pk or node.valid_to is not None):
        raise CannotConnect(_("The node {node} is not one of this microgrid's; choose another one.").format(node=node))


@transaction.atomic
def connect_site(*, site: Site, metered_from: date | None, by: User | None, now: datetime) -> Site:
    """Store a new site with the meter at its connection; empty: both are there since ever, otherwise from that local day on.

    Before that day the site is nobody's, so that its member is billed for own days only. `now` is the microgrid's.

    Raises:
        CannotConnect: the member, the node, the code or the day does not fit.
    """
    Microgrid.objects.select_for_update(no_key=True).get(pk=site.microgrid_id)
    check_site(site=site)
    if metered_from is None:
        site.save()
    else:
        _save_from(site, metered_from, by, now)
    Meter.objects.create(
        microgrid=site.microgrid, site=site, kind=MeterKind.SITE, code=site.code, installed_at=beginning(site.microgrid, metered_from)
    )
    return site


def _save_from(site: Site, day: date, by: User | None, now: datetime) -> None:
    """Store a site that is the cooperative's, vacant, until it is handed to its member on its first day."""
    member, own = site.member, cooperative_as_member(site.microgrid.cooperative)
    site.member = own
    site.save()
    if member == own:
        return
    SiteOwnership.objects.filter(site=site).update(is_vacant=True)
    try:
        hand_over(site=site, member=member, day=day, by=by, now=now, reason="connected")
    except CannotMove as why:
        raise CannotConnect(str(why)) from None
    site.refresh_from_db()


@transaction.atomic
def meter_asset(*, asset: Source | StorageUnit, installed_at: datetime | None) -> Meter:
    """The meter of a source or storage, made and named after it where it has none.

    Raises:
        CannotConnect: another meter has that name already.
    """
    is_source = isinstance(asset, Source)
    found = Meter.objects.filter(**{"source" if is_source else "storage": asset})
    meter = found.first()
    if meter is not None:
        return meter
    site = asset.site
    microgrid = Microgrid.objects.select_for_update(no_key=True).get(pk=site.microgrid_id)
    try:
        code = check_free(microgrid, f"{asset.code} generation" if is_source else f"{asset.code} battery")
    except CannotMeterDevice as why:
        raise CannotConnect(str(why)) from None
    made = Meter(microgrid=microgrid, site=site, code=code, installed_at=installed_at)
    if isinstance(asset, Source):
        made.kind, made.source = MeterKind.SOURCE, asset
    else:
        made.kind, made.storage = MeterKind.STORAGE, asset
    made.save()
    return made


def beginning(microgrid: Microgrid, day: date | None) -> datetime | None:
    """The first instant of a local day; None stays None."""
    return None if day is None else microgrid.local_day(day).start_at

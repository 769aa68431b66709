"""Dividing a common plant among members from a day on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from energy.models import Site
from energy.models.meters import MeterKind
from grid.models import PlantDivision, PlantShare, SurplusPreference
from grid.models.plant_shares import WHOLE
from grid.selectors.member_energy import last_closed_day
from members.models import Member, User

FIRST_PLACE = 1001  # behind no list of a person's own: a divided plant has none


class CannotDividePlant(ValueError):
    """A plant cannot be divided like that; the message says why."""


@dataclass(frozen=True, slots=True)
class Part:
    """A member's part in millionths, and where the member uses it; None: it is credited in money."""

    member: Member
    millionths: int
    used_at: Site | None = None


@transaction.atomic
def divide_plant(*, plant: Site, valid_from: date, parts: Sequence[Part], by: User, now: datetime) -> PlantDivision:
    """Divide what a plant feeds in from a day on; the division before ends. `now` is the microgrid's.

    A part used at a site takes part in sharing as an entry of the plant's list, which comes before the key: in each interval up to that
    part of what the plant feeds in, as far as the site draws it. What is not used so is shared by the key and credited.

    Raises:
        CannotDividePlant: parts do not sum to the whole, somebody or something does not fit, or days are settled already.
    """
    check_division(plant=plant, valid_from=valid_from, parts=parts)
    Site.objects.select_for_update(no_key=True).get(pk=plant.pk)
    if PlantDivision.objects.filter(plant=plant, valid_from__gte=valid_from).exists():
        raise CannotDividePlant(f"{plant} is divided from {valid_from} or a later day on already.")
    PlantDivision.objects.filter(plant=plant, valid_to=None).update(valid_to=valid_from)
    rows = SurplusPreference.objects.filter(site=plant)
    rows.filter(valid_from__gte=valid_from).delete()
    rows.filter(valid_to=None).update(valid_to=valid_from)
    rows.filter(valid_to__gt=valid_from).update(valid_to=valid_from)
    division = PlantDivision.objects.create(plant=plant, valid_from=valid_from, entered_at=now, entered_by=by)
    for place, part in enumerate(sorted(parts, key=lambda part: part.member.number), start=FIRST_PLACE):
        entry = None
        if part.used_at is not None:
            entry = SurplusPreference.objects.create(
                site=plant,
                receiver=part.used_at,
                place=place,
                share=Decimal(part.millionths) / WHOLE,
                is_gift=True,
                names_giver=True,
                valid_from=valid_from,
                set_by=by,
                set_at=now,
            )
        PlantShare.objects.create(division=division, member=part.member, millionths=part.millionths, used_at=part.used_at, preference=entry)
    return division


def check_division(*, plant: Site, valid_from: date, parts: Sequence[Part]) -> None:
    """Whether a plant can be divided so.

    Raises:
        CannotDividePlant: it cannot; the message says why.
    """
    total = sum(part.millionths for part in parts)
    if total != WHOLE or any(part.millionths <= 0 for part in parts):
        raise CannotDividePlant(f"The parts come to {total / 10_000:g} %; they must come to 100 %, each above 0.")
    if len({part.member.pk for part in parts}) < len(parts):
        raise CannotDividePlant("Each member has one part.")
    used = [part.used_at for part in parts if part.used_at is not None]
    if len({site.pk for site in used}) < len(used):
        raise CannotDividePlant("Each site uses one part.")
    for part in parts:
        if part.member.cooperative_id != plant.microgrid.cooperative_id:
            raise CannotDividePlant(f"{part.member} is no member of {plant.microgrid.cooperative}.")
        if part.used_at is not None and not _may_use(part, plant):
            raise CannotDividePlant(f"{part.used_at} is not {part.member}'s, not metered here, or the plant itself.")
    closed = last_closed_day(plant.microgrid)
    if closed is not None and valid_from <= closed:
        raise CannotDividePlant(f"It can begin on {closed + timedelta(days=1)} at the earliest: days before are settled.")


def _may_use(part: Part, plant: Site) -> bool:
    site = part.used_at
    return (
        site is not None
        and (site.member_id, site.microgrid_id) == (part.member.pk, plant.microgrid_id)
        and site.pk != plant.pk
        and site.meters.filter(kind=MeterKind.SITE, removed_at__isnull=True).exists()
    )

"""Saying to whom surplus goes first, and taking it back; days that are closed stay as they were shared. `now` is the microgrid's."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from energy.models import Site
from energy.models.meters import MeterKind
from grid.models import PlantDivision, SurplusPreference
from grid.selectors.member_energy import last_closed_day
from members.models import User

MOST_ENTRIES = 20
A_DAY = timedelta(days=1)


class CannotPrefer(ValueError):
    """A preference cannot be set; the message says why."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Whom a site's surplus goes to at a place of its list, which share of it, sold or given."""

    receiver_code: str
    place: int
    share: Decimal
    is_gift: bool
    names_giver: bool
    valid_from: date
    valid_to: date | None = None


@transaction.atomic
def prefer(*, site: Site, wish: Wish, by: User, now: datetime) -> SurplusPreference:
    """Add an entry to a site's list.

    Raises:
        CannotPrefer: nobody has that code here, the place or the receiver is taken in that time, or it begins on a closed day.
    """
    microgrid = site.microgrid
    receiver = Site.objects.filter(
        microgrid=microgrid, code=wish.receiver_code.strip(), meters__kind=MeterKind.SITE, meters__removed_at__isnull=True
    ).first()
    if receiver is None:
        raise CannotPrefer(_("No metering point here has this code; ask whom you mean, it stands on their bills."))
    if receiver.pk == site.pk:
        raise CannotPrefer(_("Your own metering point has your surplus already."))
    if not 0 < wish.share <= 1 or wish.place < 1:
        raise CannotPrefer(_("The share lies above 0 and up to 100 %, the place is 1 or more."))
    if PlantDivision.objects.filter(plant=site).filter(Q(valid_to=None) | Q(valid_to__gt=wish.valid_from)).exists():
        raise CannotPrefer(_("What this plant feeds in is divided among its holders."))
    if wish.valid_from < _first_open(site, now):
        raise CannotPrefer(
            _("It can begin on {day} at the earliest: days before are settled or under way.").format(
                day=date_format(_first_open(site, now))
            )
        )
    if wish.valid_to is not None and wish.valid_to <= wish.valid_from:
        raise CannotPrefer(_("It must end after it begins."))
    Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    if SurplusPreference.objects.filter(site=site, valid_to=None).count() >= MOST_ENTRIES:
        raise CannotPrefer(_("A list holds at most {most} entries.").format(most=MOST_ENTRIES))
    try:
        with transaction.atomic():
            return SurplusPreference.objects.create(
                site=site,
                receiver=receiver,
                place=wish.place,
                share=wish.share,
                is_gift=wish.is_gift,
                names_giver=wish.names_giver,
                valid_from=wish.valid_from,
                valid_to=wish.valid_to,
                set_by=by,
                set_at=now,
            )
    except IntegrityError:
        raise CannotPrefer(
            _("This place of your list, or this metering point on it, is taken in that time; end that entry first.")
        ) from None


@transaction.atomic
def end_preference(*, preference: SurplusPreference, now: datetime) -> bool:
    """End an entry with today, or drop it where it has not begun; False where it has ended already."""
    row = SurplusPreference.objects.select_for_update().get(pk=preference.pk)
    first = _first_open(row.site, now)
    if row.valid_to is not None and row.valid_to <= first:
        return False
    if row.valid_from >= first:
        row.delete()
        return True
    row.valid_to = first
    row.save(update_fields=["valid_to"])
    return True


def _first_open(site: Site, now: datetime) -> date:
    """Tomorrow, or the day after the last closed one where that is later."""
    tomorrow = now.astimezone(site.microgrid.zone).date() + A_DAY
    closed = last_closed_day(site.microgrid)
    return tomorrow if closed is None else max(tomorrow, closed + A_DAY)

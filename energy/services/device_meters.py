"""Sub-meters: meters of single devices behind a site, so that what a device drew is measured and not guessed from the site's use."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from energy.models import Consumer, Meter, Microgrid, StorageUnit
from energy.models.meters import MeterKind

LONGEST_CODE = 120


class CannotMeterDevice(ValueError):
    """The device cannot have this meter; the message says why and what to do."""


def check_free(microgrid: Microgrid, code: str) -> str:
    """The code of a meter to come, without blanks around it.

    Raises:
        CannotMeterDevice: it is empty, too long, or another meter's.
    """
    found = code.strip()
    if not 0 < len(found) <= LONGEST_CODE:
        raise CannotMeterDevice(_("A meter's number has 1 to {most} characters.").format(most=LONGEST_CODE))
    if Meter.objects.filter(microgrid=microgrid, code=found).exists():
        raise CannotMeterDevice(_("The meter {code} is another one's already; look at the plate again.").format(code=found))
    return found


@transaction.atomic
def place_device_meter(*, device: Consumer | StorageUnit, code: str, now: datetime) -> Meter:
    """Give a load or storage a meter of its own, behind the meter of its site and at the same site; it counts from `now` on.

    A load's counts what it draws, and enters neither sharing nor bills: the site's registers hold it already.

    Raises:
        CannotMeterDevice: it has one, the code is not free, or the site is not metered.
    """
    microgrid = Microgrid.objects.select_for_update(no_key=True).get(pk=device.site.microgrid_id)
    side = "consumer" if isinstance(device, Consumer) else "storage"
    if Meter.objects.filter(**{side: device}).exists():
        raise CannotMeterDevice(_("{device} has a meter already; exchange that one.").format(device=device))
    if not device.site.meters.filter(kind=MeterKind.SITE, removed_at__isnull=True).exists():
        raise CannotMeterDevice(_("{site} has no meter at its connection; a sub-meter stands behind one.").format(site=device.site))
    kind = MeterKind.DEVICE if isinstance(device, Consumer) else MeterKind.STORAGE
    return Meter.objects.create(
        microgrid=microgrid, site=device.site, kind=kind, code=check_free(microgrid, code), installed_at=now, **{side: device}
    )

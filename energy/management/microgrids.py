"""Which microgrid or cooperative a command means."""

from collections.abc import Sequence

from django.core.management.base import CommandError

from energy.models import Microgrid
from members.models import Cooperative

MOST_NAMED = 10


def chosen_microgrid(slug: str) -> Microgrid:
    """The microgrid with that slug; with none given, the only one there is.

    Raises:
        CommandError: it is not there, or there are several; the message names those that are.
    """
    there = list(Microgrid.objects.order_by("slug").values_list("slug", flat=True))
    return Microgrid.objects.get(slug=_chosen(slug, there, "microgrid", "Metering, Microgrids"))


def chosen_cooperative(slug: str) -> Cooperative:
    """The cooperative with that slug; with none given, the only one there is.

    Raises:
        CommandError: it is not there, or there are several; the message names those that are.
    """
    there = list(Cooperative.objects.order_by("slug").values_list("slug", flat=True))
    return Cooperative.objects.get(slug=_chosen(slug, there, "cooperative", "People, Cooperatives"))


def _chosen(slug: str, there: Sequence[str], what: str, page: str) -> str:
    if not there:
        raise CommandError(f"There is no {what} yet; make one in the admin ({page}).")
    named = ", ".join(there[:MOST_NAMED]) + (" ..." if len(there) > MOST_NAMED else "")
    if slug and slug not in there:
        raise CommandError(f"There is no {what} '{slug}'; there are: {named}.")
    if not slug and len(there) > 1:
        raise CommandError(f"Name the {what} with --{what} SLUG; there are: {named}.")
    return slug or there[0]

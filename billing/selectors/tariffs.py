"""Tariff terms in force."""

import json
from collections.abc import Sequence
from datetime import date

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from billing.domain.pricing.reading import parts_from_json
from billing.domain.pricing.urdb_writing import tariff_as_urdb
from billing.domain.tariffs import TariffTerms, WindowTerms
from billing.models import Tariff, TariffAssignment, TariffVersion, VersionStatus
from energy.models import Microgrid


class TariffMissing(LookupError):
    """No published version, or no tariff at all, for a day; the message names it."""


def terms_of(version: TariffVersion) -> TariffTerms:
    """A version as plain values."""
    return TariffTerms(
        version.pk,
        version.standing_per_day,
        version.energy_per_kwh,
        version.export_per_kwh,
        version.incentive_per_kwh,
        version.vat_rate,
        windows_of(version),
        parts_from_json(version.parts),
    )


def windows_of(version: TariffVersion) -> tuple[WindowTerms, ...]:
    """A version's time windows in the order in which they are asked."""
    return tuple(
        WindowTerms(w.name, w.days, w.start_minute, w.end_minute, w.multiplier) for w in version.windows.order_by("start_minute", "name")
    )


def version_as_openei(version: TariffVersion) -> str:
    """A version in OpenEI's URDB form, as JSON text; what that form cannot say is listed under `x_left_out`."""
    found = tariff_as_urdb(str(version), terms_of(version).priced())
    # Decimals become the numbers they are; a price of six decimals survives as a float.
    return json.dumps(found.data | {"x_left_out": list(found.left_out)}, indent=1, default=float)


def terms_by_day(tariff: Tariff, days: Sequence[date]) -> dict[date, TariffTerms]:
    """The terms of a tariff on each day.

    Raises:
        TariffMissing: a day has no published version.
    """
    versions = list(
        tariff.versions.filter(status=VersionStatus.PUBLISHED, valid_from__lte=max(days))
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gt=min(days)))
        .order_by("valid_from")
    )
    terms = {version.pk: terms_of(version) for version in versions}
    found = {}
    for day in days:
        version = next((v for v in versions if v.valid_from <= day and (v.valid_to is None or day < v.valid_to)), None)
        if version is None:
            raise TariffMissing(
                _("The tariff '%(tariff)s' has no published version for %(day)s; publish one.") % {"tariff": tariff, "day": day}
            )
        found[day] = terms[version.pk]
    return found


def reference_tariff(microgrid: Microgrid) -> Tariff:
    """The tariff from whose prices local prices are made.

    Raises:
        TariffMissing: none is marked.
    """
    tariff = Tariff.objects.filter(cooperative_id=microgrid.cooperative_id, is_reference=True).first()
    if tariff is None:
        raise TariffMissing(_("No tariff of %(cooperative)s is marked as reference; mark one.") % {"cooperative": microgrid.cooperative})
    return tariff


def assignments_by_site(site_ids: Sequence[int], first_day: date, last_day: date) -> dict[int, list[TariffAssignment]]:
    """Each site's assignments within the days, by date."""
    rows = list(_within(site_ids, first_day, last_day))
    # Ten thousand sites have a handful of tariffs: each is fetched once, not with every assignment.
    tariffs = Tariff.objects.in_bulk({row.tariff_id for row in rows})
    found: dict[int, list[TariffAssignment]] = {}
    for row in rows:
        row.tariff = tariffs[row.tariff_id]
        found.setdefault(row.site_id, []).append(row)
    return found


def group_by_tariffs(site_ids: Sequence[int], days: Sequence[date]) -> dict[tuple[TariffAssignment, ...], list[int]]:
    """Sites that have the same tariffs over the same days, by the assignments of one of them."""
    first_day, last_day = min(days), max(days)
    along: dict[int, list[tuple[int, tuple[int, date, date | None]]]] = {}
    for pk, site_id, tariff_id, valid_from, valid_to in _within(site_ids, first_day, last_day).values_list(
        "pk", "site_id", "tariff_id", "valid_from", "valid_to"
    ):
        along.setdefault(site_id, []).append((pk, (tariff_id, max(valid_from, first_day), valid_to)))
    alike: dict[tuple[tuple[int, date, date | None], ...], list[int]] = {}
    for site_id, entries in along.items():
        alike.setdefault(tuple(what for _, what in entries), []).append(site_id)
    firsts = {pk for sites in alike.values() for pk, _ in along[sites[0]]}
    rows = TariffAssignment.objects.select_related("tariff").in_bulk(firsts)
    return {tuple(rows[pk] for pk, _ in along[sites[0]]): sites for sites in alike.values()}


def _within(site_ids: Sequence[int], first_day: date, last_day: date) -> QuerySet[TariffAssignment]:
    return (
        TariffAssignment.objects.filter(site_id__in=set(site_ids), valid_from__lte=last_day)
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gt=first_day))
        .order_by("valid_from")
    )

"""Versions of tariffs: drafted, published, never changed once used."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max

from billing.domain.pricing.billable import CannotBillPart, check_billable
from billing.domain.pricing.reading import CannotReadParts, parts_from_json
from billing.models import BillingRun, TariffVersion, TimeWindow, VersionStatus
from billing.models.runs import ChunkStatus
from members.models import User


class CannotPublishVersion(ValueError):
    """The version cannot be published; the message says what to do."""


@transaction.atomic
def publish_version(*, version: TariffVersion, user: User | None, now: datetime) -> TariffVersion:
    """Publish a draft; the open-ended version before it ends where it begins. A published one stays as it is.

    Raises:
        CannotPublishVersion: it would overlap a version that is in force, or days that were billed; a part cannot be billed.
    """
    version = TariffVersion.objects.select_for_update().get(pk=version.pk)
    if version.status == VersionStatus.PUBLISHED:
        return version
    before = (
        TariffVersion.objects.select_for_update()
        .filter(tariff=version.tariff_id, status=VersionStatus.PUBLISHED, valid_to__isnull=True)
        .first()
    )
    _check_not_billed(version)
    _check_parts(version)
    if before is not None and before.valid_from < version.valid_from:
        before.valid_to = version.valid_from
        before.save(update_fields=["valid_to"])
    version.status, version.published_at, version.published_by = VersionStatus.PUBLISHED, now, user
    try:
        with transaction.atomic():
            version.save(update_fields=["status", "published_at", "published_by"])
    except IntegrityError:
        raise CannotPublishVersion(
            f"Another published version of '{version.tariff}' is valid on {version.valid_from} or later; "
            "choose a later first day."
        ) from None
    return version


def _check_not_billed(version: TariffVersion) -> None:
    """A published version must not begin on a day whose bills used another one: they could not be recomputed any more."""
    billed = BillingRun.objects.filter(
        last_day__gte=version.valid_from, chunks__status=ChunkStatus.RATED,
        microgrid__sites__tariff_assignments__tariff=version.tariff_id,
    ).aggregate(last=Max("last_day"))["last"]  # fmt: skip
    if billed is not None:
        raise CannotPublishVersion(
            f"'{version.tariff}' was billed up to {billed}; choose a first day after it, not {version.valid_from}."
        )


def _check_parts(version: TariffVersion) -> None:
    """Parts may have been written by other hands than the form's."""
    try:
        check_billable(parts_from_json(version.parts))
    except (CannotReadParts, CannotBillPart) as problem:
        raise CannotPublishVersion(f"The parts of {version} cannot be billed: {problem}") from None


@transaction.atomic
def draft_from(*, version: TariffVersion, now: datetime) -> TariffVersion:
    """Copy a version with its windows to a new draft."""
    windows = list(version.windows.all())
    highest = version.tariff.versions.aggregate(top=Max("number"))["top"] or 0
    draft = TariffVersion.objects.create(
        tariff=version.tariff, number=highest + 1, valid_from=max(version.valid_from, now.date()),
        standing_per_day=version.standing_per_day, energy_per_kwh=version.energy_per_kwh,
        export_per_kwh=version.export_per_kwh, incentive_per_kwh=version.incentive_per_kwh, vat_rate=version.vat_rate,
        parts=version.parts,
    )  # fmt: skip
    TimeWindow.objects.bulk_create(
        TimeWindow(
            version=draft, name=w.name, days=w.days, start_minute=w.start_minute, end_minute=w.end_minute,
            multiplier=w.multiplier,
        )
        for w in windows
    )  # fmt: skip
    return draft

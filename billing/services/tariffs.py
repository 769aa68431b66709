"""Versions of tariffs: drafted by one person, approved by another, never changed once submitted."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.domain.pricing.faults import PartsRefused
from billing.domain.pricing.sense import checked_parts
from billing.domain.tariff_notices import TariffNotice, write
from billing.models import BillingRun, StepKind, Tariff, TariffStep, TariffVersion, TimeWindow, VersionStatus
from billing.models.runs import ChunkStatus
from billing.selectors.tariff_faults import in_one_sentence
from members.language import day_in_words
from members.models import Role, User
from members.services.notifications import notify, staff_of

APPROVERS = (Role.TARIFF_ADMIN,)


class CannotPublishVersion(ValueError):
    """The version cannot go the step; the message says what to do."""


@transaction.atomic
def submit_version(*, version: TariffVersion, user: User | None, now: datetime) -> TariffVersion:
    """Hand a draft over to whoever else may approve it; from here on nothing in it changes.

    Raises:
        CannotPublishVersion: it is no draft, a part cannot be billed, or its days were billed.
    """
    version = TariffVersion.objects.select_for_update().get(pk=version.pk)
    if version.status != VersionStatus.DRAFT:
        raise CannotPublishVersion(
            _("%(version)s is %(state)s; only a draft is submitted.") % {"version": version, "state": version.get_status_display()}
        )
    _check_not_billed(version)
    _check_parts(version)
    version.status, version.submitted_at, version.submitted_by = VersionStatus.SUBMITTED, now, user
    version.save(update_fields=["status", "submitted_at", "submitted_by"])
    _note(version, StepKind.SUBMITTED, user, now)
    if user is not None:
        _tell(version, TariffNotice.SUBMITTED, approvers_beside(version, user), user, now)
    return version


@transaction.atomic
def approve_version(*, version: TariffVersion, user: User | None, now: datetime) -> TariffVersion:
    """Approve what another person submitted; the version before it ends where it begins.

    Raises:
        CannotPublishVersion: it does not wait for approval, the same person submitted it, it would overlap a version in force or days that
            were billed.
    """
    version = TariffVersion.objects.select_for_update().get(pk=version.pk)
    _check_waits(version)
    if user is not None and user.pk == version.submitted_by_id:
        raise CannotPublishVersion(_("You submitted this version yourself; somebody else has to approve it."))
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
            _("Another approved version of '%(tariff)s' is valid on %(valid_from)s or later; choose a later first day.")
            % {"tariff": version.tariff, "valid_from": day_in_words(version.valid_from)}
        ) from None
    _note(version, StepKind.APPROVED, user, now)
    if user is not None and version.submitted_by is not None:
        _tell(version, TariffNotice.APPROVED, [version.submitted_by], user, now)
    return version


@transaction.atomic
def reject_version(*, version: TariffVersion, user: User, reason: str, now: datetime) -> TariffVersion:
    """Send a submitted version back for good, saying why; who submitted it may take it back so. A copy of it is a draft again.

    Raises:
        CannotPublishVersion: it does not wait for approval, or no reason is given.
    """
    version = TariffVersion.objects.select_for_update().get(pk=version.pk)
    _check_waits(version)
    if not reason.strip():
        raise CannotPublishVersion(_("Say why, so that the next draft can do better."))
    version.status = VersionStatus.REJECTED
    version.save(update_fields=["status"])
    _note(version, StepKind.REJECTED, user, now, reason.strip()[:400])
    if version.submitted_by is not None and version.submitted_by != user:
        _tell(version, TariffNotice.REJECTED, [version.submitted_by], user, now, reason.strip())
    return version


@transaction.atomic
def publish_version(*, version: TariffVersion, user: User | None, now: datetime) -> TariffVersion:
    """Both steps at once, for a programme that sets a cooperative up: nobody submits, `user` or nobody approves. Done once.

    Raises:
        CannotPublishVersion: as the two steps do.
    """
    version = TariffVersion.objects.select_for_update().get(pk=version.pk)
    if version.status == VersionStatus.PUBLISHED:
        return version
    submit_version(version=version, user=None, now=now)
    return approve_version(version=version, user=user, now=now)


def approvers_beside(version: TariffVersion, user: User) -> list[User]:
    """Who else may approve a version that the user submits."""
    return [other for other in staff_of(version.tariff.cooperative, *APPROVERS) if other != user]


def _note(version: TariffVersion, kind: StepKind, user: User | None, now: datetime, reason: str = "") -> None:
    TariffStep.objects.create(version=version, kind=kind, user=user, at=now, reason=reason)


def _tell(version: TariffVersion, notice: TariffNotice, users: list[User], by: User, now: datetime, reason: str = "") -> None:
    """Write to each in their language."""
    path = reverse("admin:billing_tariffversion_change", args=[version.pk])
    for user in users:
        subject, text = write(notice, str(version), by.get_full_name(), version.valid_from, reason, user.language)
        notify(
            users=[user],
            kind="tariff",
            key=f"tariff:{version.public_id}:{notice}",
            subject=subject,
            text=text,
            path=path,
            by_mail=True,
            now=now,
        )


def _check_waits(version: TariffVersion) -> None:
    if version.status != VersionStatus.SUBMITTED:
        raise CannotPublishVersion(
            _("%(version)s is %(state)s; nothing waits for approval.") % {"version": version, "state": version.get_status_display()}
        )


def _check_not_billed(version: TariffVersion) -> None:
    """An approved version must not begin on a day whose bills used another one: they could not be recomputed any more."""
    billed = BillingRun.objects.filter(
        last_day__gte=version.valid_from, chunks__status=ChunkStatus.RATED, microgrid__sites__tariff_assignments__tariff=version.tariff_id
    ).aggregate(last=Max("last_day"))["last"]
    if billed is not None:
        raise CannotPublishVersion(
            _("'%(tariff)s' was billed up to %(billed)s; choose a first day after it, not %(valid_from)s.")
            % {"tariff": version.tariff, "billed": day_in_words(billed), "valid_from": day_in_words(version.valid_from)}
        )


def _check_parts(version: TariffVersion) -> None:
    """Parts may have been written by other hands than the form's."""
    try:
        checked_parts(version.parts)
    except PartsRefused as problem:
        raise CannotPublishVersion(
            _("The parts of %(version)s cannot be billed: %(problem)s")
            % {"version": version, "problem": in_one_sentence(problem.faults, version.parts)}
        ) from None


def next_number(tariff: Tariff) -> int:
    """The number of a tariff's next version, given to one hand at a time. Part of the caller's transaction."""
    Tariff.objects.select_for_update(no_key=True).get(pk=tariff.pk)
    return (tariff.versions.aggregate(top=Max("number"))["top"] or 0) + 1


@transaction.atomic
def draft_from(*, version: TariffVersion, now: datetime) -> TariffVersion:
    """Copy a version with its windows and parts to a new draft."""
    windows = list(version.windows.all())
    draft = TariffVersion.objects.create(
        tariff=version.tariff,
        number=next_number(version.tariff),
        valid_from=max(version.valid_from, now.date()),
        standing_per_day=version.standing_per_day,
        energy_per_kwh=version.energy_per_kwh,
        export_per_kwh=version.export_per_kwh,
        incentive_per_kwh=version.incentive_per_kwh,
        vat_rate=version.vat_rate,
        parts=version.parts,
        source_name=version.source_name,
        not_billed=version.not_billed,
    )
    TimeWindow.objects.bulk_create(
        TimeWindow(version=draft, name=w.name, days=w.days, start_minute=w.start_minute, end_minute=w.end_minute, multiplier=w.multiplier)
        for w in windows
    )
    return draft

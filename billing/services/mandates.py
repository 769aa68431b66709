"""Mandates: given by a member, paused by a bank's answer, revoked at any time."""

import re
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _
from stdnum import bic as bic_number
from stdnum import iban as iban_number
from stdnum.exceptions import ValidationError

from billing.domain.banking.references import is_in_sepa, needs_bic, sepa_text
from billing.domain.banking.return_codes import reason_of
from billing.models import Mandate, MandateStatus
from billing.services.allocations import lock_member
from members.models import Member, User


class CannotGiveMandate(ValueError):
    """A mandate cannot be given that way; the message says what is wrong."""


def checked_iban(text: str) -> str:
    """An IBAN without spaces, its check digits right.

    Raises:
        CannotGiveMandate: they are not.
    """
    try:
        return str(iban_number.validate(re.sub(r"\s", "", text).upper(), check_country=False))
    except ValidationError as problem:
        raise CannotGiveMandate(_("The IBAN is not right; look at its digits again.")) from problem


@transaction.atomic
def give_mandate(*, member: Member, holder: str, iban: str, signed_date: date, user: User | None, now: datetime, bic: str = "") -> Mandate:
    """Note a member's mandate; one that stood before is revoked by it. `user` is None where it was signed on paper.

    The same once more changes nothing.

    Raises:
        CannotGiveMandate: IBAN, BIC, holder or day are not right.
    """
    iban = checked_iban(iban)
    if not is_in_sepa(iban):
        raise CannotGiveMandate(_("Debits reach accounts in SEPA countries only; name another account."))
    bic = re.sub(r"\s", "", bic).upper()
    if needs_bic(iban) and not bic:
        raise CannotGiveMandate(_("The account is outside the European Economic Area: its bank wants a BIC too."))
    if bic and not bic_number.is_valid(bic):
        raise CannotGiveMandate(_("The BIC is not right; it may be left empty."))
    if not holder.strip():
        raise CannotGiveMandate(_("Name the account's holder."))
    if not sepa_text(holder, 70):
        raise CannotGiveMandate(_("Banks take Latin letters only; write the holder's name as the bank writes it."))
    if signed_date > now.date():
        raise CannotGiveMandate(_("A mandate is not signed in the future."))
    member = lock_member(member.pk)
    standing = Mandate.objects.filter(member=member).exclude(status=MandateStatus.REVOKED).first()
    if standing is not None:
        if (standing.iban, standing.holder, standing.status) == (iban, holder.strip()[:70], MandateStatus.ACTIVE):
            return standing
        revoke_mandate(mandate=standing, now=now)
    count = Mandate.objects.filter(member=member).count() + 1
    number = re.sub(r"[^A-Za-z0-9]", "", member.number)[:20] or str(member.pk)
    return Mandate.objects.create(
        cooperative=member.cooperative,
        member=member,
        reference=f"M{number}-{member.pk}-{count}",
        holder=holder.strip()[:70],
        iban=iban,
        bic=bic,
        signed_date=signed_date,
        signed_by=user,
    )


@transaction.atomic
def revoke_mandate(*, mandate: Mandate, now: datetime) -> Mandate:
    """End a mandate, once. What the bank has already is still collected; the member can have it back from their bank."""
    mandate = Mandate.objects.select_for_update().get(pk=mandate.pk)
    if mandate.status != MandateStatus.REVOKED:
        mandate.status, mandate.revoked_at = MandateStatus.REVOKED, now
        mandate.save(update_fields=["status", "revoked_at"])
    return mandate


@transaction.atomic
def pause_mandate(*, mandate: Mandate, code: str, now: datetime) -> Mandate:
    """Collect nothing more by a mandate until somebody has looked, because of a bank's answer."""
    mandate = Mandate.objects.select_for_update().get(pk=mandate.pk)
    if mandate.status == MandateStatus.ACTIVE:
        mandate.status = MandateStatus.PAUSED
        mandate.pause_reason = f"{now:%Y-%m-%d} {code}: {reason_of(code).english}"[:200]
        mandate.save(update_fields=["status", "pause_reason"])
    return mandate


@transaction.atomic
def resume_mandate(*, mandate: Mandate) -> Mandate:
    """Let a paused mandate count again, once somebody has talked with the member."""
    mandate = Mandate.objects.select_for_update().get(pk=mandate.pk)
    if mandate.status == MandateStatus.PAUSED:
        mandate.status, mandate.pause_reason = MandateStatus.ACTIVE, ""
        mandate.save(update_fields=["status", "pause_reason"])
    return mandate

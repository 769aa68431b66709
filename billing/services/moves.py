"""Moving: a site is handed over on a day, and everything that hung on who had it goes along or ends."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from billing.domain.move_words import MOVE_WORDS
from billing.domain.sentences import WORDS
from billing.models import DisconnectionProposal, Tariff, TariffAssignment
from billing.models.arrears import ProposalStatus
from energy.models import Microgrid, Site, SiteOwnership
from energy.services import ownership
from energy.services.ownership import CannotMove
from grid.services.moves import end_arrangements
from members.language import day_in_words
from members.models import Member, User
from members.services.notifications import notify

KIND = "move"
PATH = "/energy/"


@transaction.atomic
def move(
    *, site: Site, member: Member | None, day: date, by: User | None, now: datetime, tariff: Tariff | None = None, reason: str = ""
) -> SiteOwnership:
    """Let a site be another member's from a day on; nobody moves in where `member` is None. `now` is the microgrid's.

    The month's run bills each for their own days; a month that is billed already is corrected by its next correction. Deposits, credit
    and open bills are the member's, not the site's: they stay with who has them. The tariff stays the site's unless another is named.

    Raises:
        CannotMove: day, member or tariff do not fit; the message says why.
    """
    row = ownership.hand_over(site=site, member=member, day=day, by=by, now=now, reason=reason)
    if tariff is not None:
        _change_tariff(site, tariff, day)
    if row.has_begun:
        _settle(row, now)
    _tell(row, now)
    return row


def begin_due(*, microgrid: Microgrid, now: datetime) -> list[SiteOwnership]:
    """Let moves begin whose day has come; returns those that did. Safe to repeat, to kill, and to run twice at once."""
    return [row for row in ownership.due(microgrid, now) if _begin(row, now)]


@transaction.atomic
def _begin(row: SiteOwnership, now: datetime) -> bool:
    Site.objects.select_for_update(of=("self",)).get(pk=row.site_id)
    found = SiteOwnership.objects.select_related("site__microgrid", "member").filter(pk=row.pk).first()
    if found is None or not ownership.begin(ownership=found, now=now):  # taken back, or begun by another hand
        return False
    _settle(found, now)
    return True


def _settle(row: SiteOwnership, now: datetime) -> None:
    assert row.valid_from is not None
    end_arrangements(site=row.site, day=row.valid_from, now=now)
    # Nobody is cut off for what somebody else owes.
    DisconnectionProposal.objects.filter(site=row.site, status__in=[ProposalStatus.PROPOSED, ProposalStatus.AGREED]).exclude(
        member=row.member
    ).update(status=ProposalStatus.WITHDRAWN)


def _change_tariff(site: Site, tariff: Tariff, day: date) -> None:
    """Give a site another tariff from a day on.

    Raises:
        CannotMove: the tariff is another cooperative's, or another change of tariff lies ahead.
    """
    if tariff.cooperative_id != site.microgrid.cooperative_id:
        raise CannotMove(_("%(tariff)s is no tariff of %(cooperative)s.") % {"tariff": tariff, "cooperative": site.microgrid.cooperative})
    rows = TariffAssignment.objects.select_for_update().filter(site=site)
    if rows.filter(valid_from__gte=day).exists():
        raise CannotMove(
            _("%(site)s gets another tariff on %(day)s or later already; change that first.") % {"site": site, "day": day_in_words(day)}
        )
    rows.filter(valid_to=None).update(valid_to=day)
    TariffAssignment.objects.create(site=site, tariff=tariff, valid_from=day)


def _tell(row: SiteOwnership, now: datetime) -> None:
    """Write to both, each in their language."""
    assert row.valid_from is not None
    before = Member.objects.filter(ownerships__site=row.site, ownerships__valid_to=row.valid_from)
    for member, came in [(row.member, True), *((member, False) for member in before)]:
        words, spoken = (MOVE_WORDS.get(member.language, MOVE_WORDS["en"]), WORDS.get(member.language, WORDS["en"]))
        told = {"site": row.site.name, "day": spoken.date(row.valid_from)}
        users = User.objects.filter(memberships__member=member, is_active=True).distinct()
        notify(
            users=users,
            kind=KIND,
            key=f"move:{row.public_id}:{'in' if came else 'out'}",
            subject=words.subject.format(**told),
            text=(words.moved_in if came else words.moved_out).format(**told),
            path=PATH,
            by_mail=True,
            now=now,
        )

"""Members choose the rule they share by: a vote is opened, cast, counted, and what is adopted comes into force."""

import hashlib
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from energy.models import Microgrid
from grid.domain.prices import PriceRule
from grid.domain.sharing.keys import SHARE_UNITS, CannotShare
from grid.domain.sharing.terms import KEYED, ShareRule
from grid.domain.votes import Count, Outcome, outcome
from grid.models import MARKET_ALONE, ProposedShare, SharingKeyShare, SharingProposal, SharingRule, SharingVote, VoteChoice, VoteStatus
from grid.selectors.market import market_terms_text, terms_of_market
from grid.selectors.member_energy import last_closed_day
from grid.selectors.sharing_terms import SiteAxis, agreed, rule_on
from grid.selectors.votes import eligible_members, fixed_shares
from members.models import Member, User
from members.services.notifications import notify

KIND = "vote on sharing"
PATH = "/energy/sharing/"
SHORTEST = timedelta(days=3)
A_DAY = timedelta(days=1)
ANOTHER_IS_OPEN = "Another vote is open; wait until it is decided, or withdraw it."


class CannotOpenVote(ValueError):
    """A vote cannot be opened; the message says why."""


class CannotVote(ValueError):
    """A vote cannot be cast; the message says why."""


@transaction.atomic
def open_vote(
    *,
    microgrid: Microgrid,
    key: ShareRule,
    price_rule: PriceRule,
    valid_from: date,
    reason: str,
    quorum_percent: int,
    closes_at: datetime,
    by: User,
    now: datetime,
) -> SharingProposal:
    """Put a rule to the vote and tell all who may vote. Its text, with each fixed share, is fixed from then on.

    Raises:
        CannotOpenVote: the times do not fit, another vote is open, nobody may vote, or fixed shares cannot be proposed.
    """
    check_opening(microgrid=microgrid, key=key, valid_from=valid_from, closes_at=closes_at, now=now)
    if (key == ShareRule.MARKET) != (price_rule == PriceRule.UNIFORM_AUCTION):
        raise CannotOpenVote(MARKET_ALONE)
    sites = SiteAxis.of(microgrid)
    today = now.astimezone(microgrid.zone).date()
    share_of = fixed_shares(microgrid=microgrid, sites=sites, today=today) if key in KEYED else {}
    if key in KEYED and not share_of:
        raise CannotOpenVote("Nobody drew anything on the last closed days, so no fixed shares follow from it.")
    text = _text(microgrid, key, price_rule, valid_from, sites, share_of, today)
    try:
        with transaction.atomic():
            proposal = SharingProposal.objects.create(
                microgrid=microgrid,
                key=key,
                price_rule=price_rule,
                valid_from=valid_from,
                reason=reason,
                quorum_percent=quorum_percent,
                text=text,
                text_sha256=hashlib.sha256(text.encode()).hexdigest(),
                opened_by=by,
                opened_at=now,
                closes_at=closes_at,
            )
    except IntegrityError:
        raise CannotOpenVote(ANOTHER_IS_OPEN) from None
    ProposedShare.objects.bulk_create(
        ProposedShare(proposal=proposal, site_id=site, share=Decimal(share) / SHARE_UNITS) for site, share in share_of.items() if share
    )
    _tell(proposal, "opened", "A vote on how we share is open", f"{reason} Vote until {_local(proposal, closes_at)}.", now)
    return proposal


def check_opening(*, microgrid: Microgrid, key: ShareRule, valid_from: date, closes_at: datetime, now: datetime) -> None:
    """Whether a vote can be opened.

    Raises:
        CannotOpenVote: it cannot; the message says why.
    """
    if closes_at < now + SHORTEST:
        raise CannotOpenVote(f"Members need at least {SHORTEST.days} days to vote; close it later.")
    if valid_from <= closes_at.astimezone(microgrid.zone).date():
        raise CannotOpenVote("The rule must come into force after the day on which the vote closes.")
    if SharingRule.objects.filter(microgrid=microgrid, valid_from=valid_from).exists():
        raise CannotOpenVote(f"Another rule begins on {valid_from}; choose another day.")
    if SharingProposal.objects.filter(microgrid=microgrid, status=VoteStatus.OPEN).exists():
        raise CannotOpenVote(ANOTHER_IS_OPEN)
    if not eligible_members(microgrid).exists():
        raise CannotOpenVote("No member has a metered site here, so nobody could vote.")
    if key in KEYED and last_closed_day(microgrid) is None:
        raise CannotOpenVote("Fixed shares follow from what each drew; close a day first.")


def _text(
    microgrid: Microgrid, key: ShareRule, price_rule: PriceRule, valid_from: date, sites: SiteAxis, share_of: dict[int, int], today: date
) -> str:
    """What is agreed, line by line, always written the same way."""
    try:
        found = agreed(microgrid=microgrid, key=key, price_rule=price_rule, sites=sites, day=today, share_of=share_of)
    except CannotShare as why:
        raise CannotOpenVote(str(why)) from None
    # Feeders follow the network, whatever it will be; shares stay as they were voted on.
    terms = found.terms.text(sites.codes) if key != ShareRule.HIERARCHICAL else f"key: {key}\nprice: {price_rule}"
    if key == ShareRule.MARKET:
        # Members agree to what it costs not to keep an order, not to a market of whatever terms.
        terms += f"\n{market_terms_text(terms_of_market(microgrid, valid_from))}"
    return f"microgrid: {microgrid.slug}\nin force from: {valid_from}\n{terms}\n"


@transaction.atomic
def cast_vote(*, proposal: SharingProposal, member: Member, choice: VoteChoice, by: User, now: datetime) -> SharingVote:
    """Cast a member's vote, or change it while the vote is open.

    Raises:
        CannotVote: the vote is closed, or the member may not vote here.
    """
    # The count waits for votes that are on their way, and no vote comes after it.
    row = SharingProposal.objects.select_for_update(no_key=True).get(pk=proposal.pk)
    if row.status != VoteStatus.OPEN or row.closes_at <= now:
        raise CannotVote(gettext("This vote is closed."))
    if not eligible_members(row.microgrid).filter(pk=member.pk).exists():
        raise CannotVote(gettext("{member} has no metered site here and cannot vote on how it is shared.").format(member=member))
    vote, _ = SharingVote.objects.update_or_create(proposal=row, member=member, defaults={"choice": choice, "cast_by": by, "cast_at": now})
    return vote


@transaction.atomic
def withdraw_vote(*, proposal: SharingProposal, now: datetime) -> bool:
    """Take an open vote back; False where it is decided already."""
    withdrawn = SharingProposal.objects.filter(pk=proposal.pk, status=VoteStatus.OPEN).update(status=VoteStatus.WITHDRAWN, decided_at=now)
    if withdrawn:
        _tell(proposal, "withdrawn", "The vote on how we share is withdrawn", "Nothing changes.", now)
    return bool(withdrawn)


def close_votes(*, microgrid: Microgrid, now: datetime) -> list[SharingProposal]:
    """Count and decide what is over. Safe to repeat, to kill, and to run twice at once."""
    due = SharingProposal.objects.filter(microgrid=microgrid, status=VoteStatus.OPEN, closes_at__lte=now)
    decided = [_decide(pk, now) for pk in due.values_list("pk", flat=True)]
    return [proposal for proposal in decided if proposal is not None]


@transaction.atomic
def _decide(pk: int, now: datetime) -> SharingProposal | None:
    proposal = SharingProposal.objects.select_for_update().select_related("microgrid").filter(pk=pk, status=VoteStatus.OPEN).first()
    if proposal is None:
        return None
    eligible = set(eligible_members(proposal.microgrid).values_list("pk", flat=True))
    # Who left meanwhile has no say any more.
    choices = list(proposal.votes.filter(member__in=eligible).values_list("choice", flat=True))
    count = Count(len(eligible), choices.count(VoteChoice.YES), choices.count(VoteChoice.NO), choices.count(VoteChoice.ABSTAIN))
    result = outcome(count, proposal.quorum_percent)
    proposal.status = VoteStatus(result)
    proposal.decided_at = now
    proposal.eligible, proposal.yes, proposal.no, proposal.abstained = (count.eligible, count.yes, count.no, count.abstained)
    if result == Outcome.ADOPTED:
        proposal.rule = _put_in_force(proposal)
    proposal.save()
    _tell(proposal, "decided", f"The vote on how we share: {proposal.get_status_display()}", _result_text(proposal), now)
    return proposal


def _put_in_force(proposal: SharingProposal) -> SharingRule:
    """Make the rule; the one it replaces ends the day it begins. Days that are closed stay as they were shared."""
    microgrid = proposal.microgrid
    Microgrid.objects.select_for_update(no_key=True).get(pk=microgrid.pk)  # no day is shared meanwhile
    closed = last_closed_day(microgrid)
    first = proposal.valid_from if closed is None else max(proposal.valid_from, closed + A_DAY)
    while SharingRule.objects.filter(microgrid=microgrid, valid_from=first).exists():
        first += A_DAY  # a rule that staff let begin on that very day has held for a day then
    before, ends = rule_on(microgrid, first), None
    if before is not None:
        ends = before.valid_to
        before.valid_to = first
        before.save(update_fields=["valid_to"])
    else:
        later = SharingRule.objects.filter(microgrid=microgrid, valid_from__gt=first).order_by("valid_from").first()
        ends = later.valid_from if later else None
    rule = SharingRule.objects.create(
        microgrid=microgrid,
        key=proposal.key,
        price_rule=proposal.price_rule,
        valid_from=first,
        valid_to=ends,
        text=proposal.text,
        text_sha256=proposal.text_sha256,
    )
    SharingKeyShare.objects.bulk_create(SharingKeyShare(rule=rule, site_id=row.site_id, share=row.share) for row in proposal.shares.all())
    return rule


def _result_text(proposal: SharingProposal) -> str:
    counted = f"{proposal.yes} yes, {proposal.no} no, {proposal.abstained} abstained, of {proposal.eligible} members."
    if proposal.rule is not None:
        return f"{counted} In force from {proposal.rule.valid_from:%d.%m.%Y}."
    return f"{counted} Nothing changes."


def _tell(proposal: SharingProposal, what: str, subject: str, text: str, now: datetime) -> None:
    members = eligible_members(proposal.microgrid)
    users = list(User.objects.filter(memberships__member__in=members, is_active=True).distinct())
    notify(
        users=users,
        kind=KIND,
        key=f"sharing-vote:{proposal.public_id}:{what}",
        subject=subject,
        text=text,
        path=PATH,
        by_mail=True,
        now=now,
    )


def _local(proposal: SharingProposal, at: datetime) -> str:
    return f"{at.astimezone(proposal.microgrid.zone):%d.%m.%Y, %H:%M}"

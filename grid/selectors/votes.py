"""Votes on sharing: who may vote, what is open, what was decided."""

from datetime import date

import numpy as np
from django.db.models import QuerySet

from energy.models import Channel, Microgrid
from energy.models.meters import MeterKind
from energy.selectors.meter_days import load_channel
from energy.selectors.scope import visible_microgrids
from grid.domain.sharing.keys import SHARE_UNITS
from grid.domain.sharing.terms import KEYED
from grid.models import SharingDay, SharingProposal, SharingVote
from grid.selectors.sharing_terms import SiteAxis, rule_on
from kernel.apportionment import largest_remainder
from members.models import Member, User

LOOKED_AT_DAYS = 31


def visible_proposals(user: User) -> QuerySet[SharingProposal]:
    """Votes of the microgrids whose totals the user may see, the newest first."""
    return (
        SharingProposal.objects.filter(microgrid__in=visible_microgrids(user).values("pk"))
        .select_related("microgrid__cooperative", "rule")
        .order_by("-opened_at")
    )


def eligible_members(microgrid: Microgrid) -> QuerySet[Member]:
    """Members, but not the cooperative itself, with a metered site in the microgrid."""
    return Member.objects.filter(
        is_cooperative=False, sites__microgrid=microgrid, sites__meters__kind=MeterKind.SITE, sites__meters__removed_at__isnull=True
    ).distinct()


def own_votes(user: User, proposal: SharingProposal) -> list[tuple[Member, str]]:
    """The members for whom the user acts and who may vote, each with its choice, empty where it did not vote yet."""
    members = eligible_members(proposal.microgrid).filter(memberships__user=user).order_by("number")
    choices = dict(SharingVote.objects.filter(proposal=proposal, member__in=members).values_list("member", "choice"))
    return [(member, choices.get(member.pk, "")) for member in members]


def fixed_shares(*, microgrid: Microgrid, sites: SiteAxis, today: date) -> dict[int, int]:
    """Fixed shares to propose, millionths by site: those agreed now, else each site's part of what all drew on the last closed days.

    Empty where no day is closed.
    """
    rule = rule_on(microgrid, today)
    if rule is not None and rule.key in KEYED:
        return {share.site_id: int(share.share * SHARE_UNITS) for share in rule.shares.all()}
    closed = SharingDay.objects.filter(microgrid=microgrid, is_current=True).order_by("-day")
    days = sorted(closed.values_list("day", flat=True)[:LOOKED_AT_DAYS])
    if not days:
        return {}
    block = load_channel(microgrid=microgrid, channel=Channel.IMPORT, days=days, meter_ids=sites.meter_ids, with_quality=False)
    drawn = np.zeros(len(sites.meter_ids), dtype=np.int64)
    place = {meter: i for i, meter in enumerate(sites.meter_ids)}
    for meter, values in zip(block.meter_ids.tolist(), block.values_wh, strict=True):
        drawn[place[meter]] = values.sum()
    if not drawn.any():
        return {}
    parts = largest_remainder(SHARE_UNITS, drawn.tolist(), sites.codes)
    return dict(zip(sites.site_ids.tolist(), parts, strict=True))

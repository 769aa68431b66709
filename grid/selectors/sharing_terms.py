"""By which terms a day is shared, and among which sites."""

from dataclasses import dataclass, field
from datetime import date

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from energy.models import Meter, Microgrid
from energy.models.meters import MeterKind
from grid.domain.prices import PriceRule
from grid.domain.sharing.keys import SHARE_UNITS, CannotShare
from grid.domain.sharing.splitting import ranks_by_code
from grid.domain.sharing.terms import KEYED, ShareRule, SharingTerms
from grid.models import SharingRule
from grid.selectors.feeders import feeder_names


class SiteAxis:
    """The sites in the order of their meters' ids, with what sharing needs to know of them."""

    def __init__(self, meter_ids: list[int], site_ids: list[int], codes: list[str]) -> None:
        self.meter_ids = meter_ids
        self.site_ids = np.array(site_ids, dtype=np.int64)
        self.codes = codes
        self.ranks = ranks_by_code(codes)

    @classmethod
    def of(cls, microgrid: Microgrid) -> "SiteAxis":
        rows = list(
            Meter.objects.filter(microgrid=microgrid, kind=MeterKind.SITE, removed_at__isnull=True)
            .order_by("pk")
            .values_list("pk", "site_id", "site__code")
        )
        return cls([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows])


@dataclass(frozen=True, slots=True)
class AgreedTerms:
    """The terms of a day, with the names of the feeders they number."""

    terms: SharingTerms
    feeder_names: list[str] = field(default_factory=list)

    @property
    def digest_text(self) -> str:
        """What of the terms decides who receives what, as text for a digest."""
        parts = [self.terms.key, self.terms.shares.tobytes().hex(), self.terms.feeders.tobytes().hex()]
        if self.terms.price_rule != PriceRule.MID_MARKET:
            parts.append(self.terms.price_rule)
        return "".join(parts)


def rule_on(microgrid: Microgrid, day: date) -> SharingRule | None:
    """The rule in force on a day; none means the dynamic key."""
    return (
        SharingRule.objects.filter(microgrid=microgrid, valid_from__lte=day).filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day)).first()
    )


def rules_ahead(microgrid: Microgrid, day: date) -> list[SharingRule]:
    """Rules that begin after a day, the next first."""
    return list(SharingRule.objects.filter(microgrid=microgrid, valid_from__gt=day).order_by("valid_from"))


def terms_on(*, microgrid: Microgrid, rule: SharingRule | None, sites: SiteAxis, day: date) -> AgreedTerms:
    """The terms of a rule for these sites on a day; the network is taken as it stood when the day began.

    Raises:
        CannotShare: the rule gives shares to sites that are not metered.
    """
    if rule is None:
        return AgreedTerms(SharingTerms(ShareRule.DYNAMIC))
    return agreed(
        microgrid=microgrid,
        key=ShareRule(rule.key),
        price_rule=PriceRule(rule.price_rule),
        sites=sites,
        day=day,
        share_of={s.site_id: int(s.share * SHARE_UNITS) for s in rule.shares.all()} if rule.key in KEYED else {},
    )


def agreed(
    *, microgrid: Microgrid, key: ShareRule, price_rule: PriceRule, sites: SiteAxis, day: date, share_of: dict[int, int]
) -> AgreedTerms:
    """Terms put together by hand; `share_of` are millionths by site."""
    if key == ShareRule.HIERARCHICAL:
        feeders, names = feeder_names(microgrid_id=microgrid.pk, site_ids=sites.site_ids.tolist(), at=microgrid.local_day(day).start_at)
        return AgreedTerms(SharingTerms(key, price_rule, feeders=feeders), names)
    if key in KEYED:
        return AgreedTerms(SharingTerms(key, price_rule, shares=_shares(share_of, sites)))
    return AgreedTerms(SharingTerms(key, price_rule))


def _shares(share_of: dict[int, int], sites: SiteAxis) -> NDArray[np.int64]:
    strangers = set(share_of) - set(sites.site_ids.tolist())
    if strangers:
        raise CannotShare(f"The rule gives shares to {len(strangers)} sites that are not metered; take them out.")
    return np.array([share_of.get(site, 0) for site in sites.site_ids.tolist()], dtype=np.int64)

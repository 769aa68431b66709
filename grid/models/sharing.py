"""By which key local energy is shared, and what came of it."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from energy.models import Microgrid, Site


class SharingKey(models.TextChoices):
    """The keys of the domain rules, section 1."""

    DYNAMIC = "dynamic", gettext_lazy("dynamic: in proportion to use")
    STATIC = "static", gettext_lazy("static: fixed shares")
    HYBRID = "hybrid", gettext_lazy("hybrid: fixed shares, what is left again")
    HIERARCHICAL = "hierarchical", gettext_lazy("hierarchical: own site, then feeder, then all")
    MARKET = "market", gettext_lazy("market: as members order")


class SharingPrice(models.TextChoices):
    """The price rules of the domain rules, section 2."""

    MID_MARKET = "mid_market", gettext_lazy("mid-market: halfway between retail and feed-in price")
    SUPPLY_DEMAND_RATIO = ("supply_demand_ratio", gettext_lazy("supply-demand ratio: cheap when there is plenty"))
    BILL_SHARING = ("bill_sharing", gettext_lazy("bill sharing: local energy is free, the grid's cost is shared"))
    UNIFORM_AUCTION = ("uniform_auction", gettext_lazy("auction: what the last matched bid and offer agree on (market only)"))


MARKET_ALONE = "The market goes with the auction's price, and the auction's price with the market only."


def market_has_its_price() -> Q:
    """The market's key and the auction's price come together or not at all."""
    market, auction = Q(key=SharingKey.MARKET), Q(price_rule=SharingPrice.UNIFORM_AUCTION)
    return (market & auction) | (~market & ~auction)


class DateRange(Func):
    """PostgreSQL's daterange of two columns, the end exclusive."""

    function = "DATERANGE"
    output_field = DateRangeField()


class SharingRule(models.Model):
    """The key in force in a microgrid from a day on."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="sharing_rules")
    key = models.CharField(max_length=16, choices=SharingKey.choices, default=SharingKey.DYNAMIC)
    price_rule = models.CharField(gettext_lazy("price"), max_length=24, choices=SharingPrice.choices, default=SharingPrice.MID_MARKET)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True, help_text=gettext_lazy("Exclusive; empty: until further notice."))
    text = models.TextField(blank=True, editable=False, help_text=gettext_lazy("As members voted on it."))
    text_sha256 = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_sharing_rule_at_a_time",
                expressions=[
                    (F("microgrid"), RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=market_has_its_price(), name="rule_prices_its_market", violation_error_message=MARKET_ALONE),
        ]

    def __str__(self) -> str:
        return _("%(key)s from %(valid_from)s") % {"key": self.get_key_display(), "valid_from": self.valid_from}


class SharingKeyShare(models.Model):
    """A site's fixed share under a static or hybrid rule."""

    rule = models.ForeignKey(SharingRule, models.CASCADE, related_name="shares")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    share = models.DecimalField(max_digits=7, decimal_places=6)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "site"], name="share_once"),
            models.CheckConstraint(condition=Q(share__gte=0, share__lte=1), name="share_within_one"),
        ]

    def __str__(self) -> str:
        return f"{self.share} for {self.site}"


class SharingDay(models.Model):
    """What was shared in a microgrid on a day, per interval; enough for a member to follow an own share.

    With the remainder and site of the cut-off: who has a larger remainder, or the same and a smaller code, received one Wh more.
    """

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="sharing_days")
    day = models.DateField()
    revision = models.PositiveSmallIntegerField(default=0)
    is_current = models.BooleanField(default=True)
    key = models.CharField(max_length=16, choices=SharingKey.choices)
    price_rule = models.CharField(max_length=24, choices=SharingPrice.choices, default=SharingPrice.MID_MARKET)
    sources_digest = models.CharField(max_length=64, help_text=gettext_lazy("Of the meter days it was computed from."))
    consumption_wh = ArrayField(models.BigIntegerField(), help_text=gettext_lazy("C: what all sites drew."))
    production_wh = ArrayField(models.BigIntegerField(), help_text=gettext_lazy("P: what all sites fed in of local origin."))
    matched_wh = ArrayField(models.BigIntegerField(), help_text=gettext_lazy("M = min(C, P)."))
    shared_wh = ArrayField(models.BigIntegerField(), help_text=gettext_lazy("T: what was shared."))
    not_local_wh = ArrayField(
        models.BigIntegerField(),
        default=list,
        help_text=gettext_lazy("Q: what storages fed in that is not of local origin; empty: nothing."),
    )
    carried_wh = ArrayField(
        models.BigIntegerField(),
        default=list,
        help_text=gettext_lazy("G: what of Q came from the public grid and was used at once; empty: nothing."),
    )
    keyed_wh = ArrayField(models.BigIntegerField(), default=list, help_text=gettext_lazy("Hybrid key: what sites with a share drew."))
    level_wh = ArrayField(
        models.BigIntegerField(),
        default=list,
        help_text=gettext_lazy(
            "Hybrid key: a site with share k receives min(c, k level / divisor), k in millionths; 0: all of them are served."
        ),
    )
    level_divisor = ArrayField(models.BigIntegerField(), default=list)
    given_wh = ArrayField(
        models.BigIntegerField(),
        default=list,
        help_text=gettext_lazy("What preferences gave before the key shared the rest; empty: nothing."),
    )
    kept_bids_wh = ArrayField(
        models.BigIntegerField(), default=list, help_text=gettext_lazy("Market: of what buyers ordered, what they drew.")
    )
    kept_offers_wh = ArrayField(
        models.BigIntegerField(), default=list, help_text=gettext_lazy("Market: of what sellers ordered, what they fed in.")
    )
    received_cutoff = ArrayField(models.BigIntegerField())
    received_cutoff_site = ArrayField(models.BigIntegerField())
    delivered_cutoff = ArrayField(models.BigIntegerField())
    delivered_cutoff_site = ArrayField(models.BigIntegerField())
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["microgrid", "day", "revision"], name="sharing_day_revision_once"),
            models.UniqueConstraint(fields=["microgrid", "day"], condition=Q(is_current=True), name="sharing_day_one_current"),
        ]

    def __str__(self) -> str:
        return f"sharing of {self.day}"

    @property
    def fed_in_wh(self) -> list[int]:
        """What all sites fed in, of whatever origin [Wh]."""
        if not self.not_local_wh:
            return list(self.production_wh)
        return [local + rest for local, rest in zip(self.production_wh, self.not_local_wh, strict=True)]


class FeederShareDay(models.Model):
    """What one feeder's sites shared among themselves on a day under the hierarchical key, after each site's own use [Wh].

    With it and the day's own cut-offs, which are those of the last level, a member follows an own share level by level.
    """

    sharing_day = models.ForeignKey(SharingDay, models.CASCADE, related_name="feeders")
    feeder = models.CharField(max_length=120)
    drawn_wh = ArrayField(models.BigIntegerField())
    fed_in_wh = ArrayField(models.BigIntegerField())
    received_cutoff = ArrayField(models.BigIntegerField())
    received_cutoff_site = ArrayField(models.BigIntegerField())
    delivered_cutoff = ArrayField(models.BigIntegerField())
    delivered_cutoff_site = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sharing_day", "feeder"], name="feeder_shares_once_a_day")]

    def __str__(self) -> str:
        return f"{self.feeder}, {self.sharing_day}"


class SiteShareDay(models.Model):
    """What one site drew and fed in on a day, and received from and delivered to neighbours; partitioned by month.

    Each is [Wh] per interval, packed (integers of four bytes in network order), NULL where nothing. What is billed is what was
    shared: the readings stand beside the shares, with the versions of the meter days they are from (0: there was none). Of what
    the site fed in `not_local_wh` is not of local origin, and of that `carried_wh` is public energy that was used at once.
    """

    pk = models.CompositePrimaryKey("day", "site_id", "revision")
    day = models.DateField()
    site_id = models.BigIntegerField()
    revision = models.SmallIntegerField(default=0)
    microgrid_id = models.BigIntegerField()
    is_current = models.BooleanField(default=True)
    import_version = models.SmallIntegerField(default=0)
    export_version = models.SmallIntegerField(default=0)
    import_wh = models.BinaryField(null=True)
    export_wh = models.BinaryField(null=True)
    received_wh = models.BinaryField(null=True)
    delivered_wh = models.BinaryField(null=True)
    not_local_wh = models.BinaryField(null=True)
    carried_wh = models.BinaryField(null=True)

    class Meta:
        managed = False
        db_table = "grid_siteshareday"

    def __str__(self) -> str:
        return f"share of site {self.site_id} on {self.day}"

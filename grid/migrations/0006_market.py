"""The market for local energy and what members give away; what is cleared stays."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import grid.models.sharing
import kernel.identifiers
from django.conf import settings
from django.db import migrations, models

GATE = """
CREATE FUNCTION keep_cleared_orders() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched grid_marketorder;
BEGIN
    touched := CASE WHEN TG_OP = 'INSERT' THEN NEW ELSE OLD END;
    IF EXISTS (SELECT FROM grid_marketinterval
               WHERE microgrid_id = touched.microgrid_id AND start_at = touched.start_at) THEN
        RAISE EXCEPTION 'The interval of % is cleared: its orders stay as they are', touched.start_at;
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER cleared_orders_stay BEFORE INSERT OR UPDATE OR DELETE ON grid_marketorder
    FOR EACH ROW EXECUTE FUNCTION keep_cleared_orders();

CREATE FUNCTION keep_cleared_intervals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What was cleared stays as it is (%)', OLD.start_at;
END $$;
CREATE TRIGGER cleared_intervals_stay BEFORE UPDATE OR DELETE ON grid_marketinterval
    FOR EACH ROW EXECUTE FUNCTION keep_cleared_intervals();
"""

UNDO = """
DROP TRIGGER cleared_intervals_stay ON grid_marketinterval;
DROP FUNCTION keep_cleared_intervals();
DROP TRIGGER cleared_orders_stay ON grid_marketorder;
DROP FUNCTION keep_cleared_orders();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("energy", "0001_tables"),
        ("grid", "0005_supply_by_load"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="GivenDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("revision", models.PositiveSmallIntegerField()),
                ("is_current", models.BooleanField(default=True)),
                (
                    "wh",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MarketInterval",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("start_at", models.DateTimeField()),
                ("volume_wh", models.PositiveBigIntegerField()),
                (
                    "price_micro",
                    models.IntegerField(help_text="Uniform; empty where nothing was matched.", null=True),
                ),
                ("asked_wh", models.PositiveBigIntegerField(help_text="All bids.")),
                ("offered_wh", models.PositiveBigIntegerField(help_text="All offers.")),
                ("cleared_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="MarketOrder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "public_id",
                    models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True),
                ),
                ("start_at", models.DateTimeField()),
                ("side", models.CharField(choices=[("buy", "buy"), ("sell", "sell")], max_length=4)),
                ("wh", models.PositiveIntegerField()),
                ("price_micro", models.IntegerField(help_text="Millionths per kWh: at most, or at least.")),
                ("placed_at", models.DateTimeField()),
                ("matched_wh", models.PositiveIntegerField(help_text="Empty: not cleared yet.", null=True)),
            ],
        ),
        migrations.CreateModel(
            name="MarketTerms",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("valid_from", models.DateField()),
                (
                    "gate_minutes",
                    models.PositiveSmallIntegerField(
                        default=60,
                        help_text="Before an interval begins.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                        verbose_name="orders close [minutes before]",
                    ),
                ),
                (
                    "deviation_micro",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="For each kWh by which an order leaves others short; they receive it. 0: none, and what is lacking comes from the public grid.",
                        validators=[django.core.validators.MaxValueValidator(10000000)],
                        verbose_name="deviation charge [millionths per kWh]",
                    ),
                ),
            ],
            options={
                "verbose_name": "terms of the market",
                "verbose_name_plural": "terms of the market",
            },
        ),
        migrations.CreateModel(
            name="SiteMarketDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("revision", models.PositiveSmallIntegerField()),
                ("is_current", models.BooleanField(default=True)),
                (
                    "bid_wh",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                (
                    "offer_wh",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                (
                    "short_wh",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                (
                    "missed_wh",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("deviation_micro", models.PositiveIntegerField(help_text="By the terms of that day.")),
            ],
        ),
        migrations.CreateModel(
            name="SurplusPreference",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "public_id",
                    models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True),
                ),
                ("place", models.PositiveSmallIntegerField(help_text="In the site's list, from 1.")),
                (
                    "share",
                    models.DecimalField(
                        decimal_places=6,
                        default=1,
                        help_text="Of the surplus in each interval.",
                        max_digits=7,
                    ),
                ),
                (
                    "is_gift",
                    models.BooleanField(
                        default=False, help_text="For nothing; otherwise at the local price."
                    ),
                ),
                (
                    "names_giver",
                    models.BooleanField(default=False, help_text="The receiver reads the giver's name."),
                ),
                ("valid_from", models.DateField()),
                (
                    "valid_to",
                    models.DateField(
                        blank=True, help_text="Exclusive; empty: until further notice.", null=True
                    ),
                ),
                ("set_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="TradingLimit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "buying",
                    models.CharField(
                        choices=[
                            ("market", "join at the market's price"),
                            ("limit", "only within a limit"),
                            ("never", "stay out"),
                        ],
                        default="market",
                        max_length=8,
                    ),
                ),
                (
                    "buy_limit_micro",
                    models.PositiveIntegerField(help_text="Millionths per kWh, at most.", null=True),
                ),
                (
                    "selling",
                    models.CharField(
                        choices=[
                            ("market", "join at the market's price"),
                            ("limit", "only within a limit"),
                            ("never", "stay out"),
                        ],
                        default="market",
                        max_length=8,
                    ),
                ),
                (
                    "sell_limit_micro",
                    models.PositiveIntegerField(help_text="Millionths per kWh, at least.", null=True),
                ),
                ("set_at", models.DateTimeField()),
                ("is_current", models.BooleanField(default=True)),
            ],
        ),
        migrations.AddField(
            model_name="sharingday",
            name="given_wh",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                default=list,
                help_text="What preferences gave before the key shared the rest; empty: nothing.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="sharingday",
            name="kept_bids_wh",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                default=list,
                help_text="Market: of what buyers ordered, what they drew.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="sharingday",
            name="kept_offers_wh",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                default=list,
                help_text="Market: of what sellers ordered, what they fed in.",
                size=None,
            ),
        ),
        migrations.AlterField(
            model_name="sharingday",
            name="key",
            field=models.CharField(
                choices=[
                    ("dynamic", "dynamic: in proportion to use"),
                    ("static", "static: fixed shares"),
                    ("hybrid", "hybrid: fixed shares, what is left again"),
                    ("hierarchical", "hierarchical: own site, then feeder, then all"),
                    ("market", "market: as members order"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="sharingday",
            name="price_rule",
            field=models.CharField(
                choices=[
                    ("mid_market", "mid-market: halfway between retail and feed-in price"),
                    ("supply_demand_ratio", "supply-demand ratio: cheap when there is plenty"),
                    ("bill_sharing", "bill sharing: local energy is free, the grid's cost is shared"),
                    (
                        "uniform_auction",
                        "auction: what the last matched bid and offer agree on (market only)",
                    ),
                ],
                default="mid_market",
                max_length=24,
            ),
        ),
        migrations.AlterField(
            model_name="sharingproposal",
            name="key",
            field=models.CharField(
                choices=[
                    ("dynamic", "dynamic: in proportion to use"),
                    ("static", "static: fixed shares"),
                    ("hybrid", "hybrid: fixed shares, what is left again"),
                    ("hierarchical", "hierarchical: own site, then feeder, then all"),
                    ("market", "market: as members order"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="sharingproposal",
            name="price_rule",
            field=models.CharField(
                choices=[
                    ("mid_market", "mid-market: halfway between retail and feed-in price"),
                    ("supply_demand_ratio", "supply-demand ratio: cheap when there is plenty"),
                    ("bill_sharing", "bill sharing: local energy is free, the grid's cost is shared"),
                    (
                        "uniform_auction",
                        "auction: what the last matched bid and offer agree on (market only)",
                    ),
                ],
                max_length=24,
                verbose_name="price",
            ),
        ),
        migrations.AlterField(
            model_name="sharingrule",
            name="key",
            field=models.CharField(
                choices=[
                    ("dynamic", "dynamic: in proportion to use"),
                    ("static", "static: fixed shares"),
                    ("hybrid", "hybrid: fixed shares, what is left again"),
                    ("hierarchical", "hierarchical: own site, then feeder, then all"),
                    ("market", "market: as members order"),
                ],
                default="dynamic",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="sharingrule",
            name="price_rule",
            field=models.CharField(
                choices=[
                    ("mid_market", "mid-market: halfway between retail and feed-in price"),
                    ("supply_demand_ratio", "supply-demand ratio: cheap when there is plenty"),
                    ("bill_sharing", "bill sharing: local energy is free, the grid's cost is shared"),
                    (
                        "uniform_auction",
                        "auction: what the last matched bid and offer agree on (market only)",
                    ),
                ],
                default="mid_market",
                max_length=24,
                verbose_name="price",
            ),
        ),
        migrations.AddConstraint(
            model_name="sharingproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("key", "market"), ("price_rule", "uniform_auction")),
                    models.Q(
                        models.Q(("key", "market"), _negated=True),
                        models.Q(("price_rule", "uniform_auction"), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="proposal_prices_its_market",
                violation_error_message="The market goes with the auction's price, and the auction's price with the market only.",
            ),
        ),
        migrations.AddConstraint(
            model_name="sharingrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("key", "market"), ("price_rule", "uniform_auction")),
                    models.Q(
                        models.Q(("key", "market"), _negated=True),
                        models.Q(("price_rule", "uniform_auction"), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="rule_prices_its_market",
                violation_error_message="The market goes with the auction's price, and the auction's price with the market only.",
            ),
        ),
        migrations.AddField(
            model_name="givenday",
            name="microgrid",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="energy.microgrid"
            ),
        ),
        migrations.AddField(
            model_name="marketinterval",
            name="microgrid",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="market_intervals",
                to="energy.microgrid",
            ),
        ),
        migrations.AddField(
            model_name="marketorder",
            name="microgrid",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="market_orders",
                to="energy.microgrid",
            ),
        ),
        migrations.AddField(
            model_name="marketorder",
            name="placed_by",
            field=models.ForeignKey(
                help_text="Empty: the agent.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="marketorder",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="market_orders", to="energy.site"
            ),
        ),
        migrations.AddField(
            model_name="marketterms",
            name="microgrid",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="market_terms",
                to="energy.microgrid",
            ),
        ),
        migrations.AddField(
            model_name="sitemarketday",
            name="microgrid",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="energy.microgrid"
            ),
        ),
        migrations.AddField(
            model_name="sitemarketday",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="market_days", to="energy.site"
            ),
        ),
        migrations.AddField(
            model_name="surpluspreference",
            name="receiver",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="energy.site"
            ),
        ),
        migrations.AddField(
            model_name="surpluspreference",
            name="set_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="surpluspreference",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="surplus_preferences",
                to="energy.site",
            ),
        ),
        migrations.AddField(
            model_name="givenday",
            name="preference",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="days", to="grid.surpluspreference"
            ),
        ),
        migrations.AddField(
            model_name="tradinglimit",
            name="set_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="tradinglimit",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="trading_limits", to="energy.site"
            ),
        ),
        migrations.AddConstraint(
            model_name="marketinterval",
            constraint=models.UniqueConstraint(
                fields=("microgrid", "start_at"), name="interval_cleared_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="marketinterval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("price_micro__isnull", True), ("volume_wh", 0)),
                    models.Q(("price_micro__isnull", False), ("volume_wh__gt", 0)),
                    _connector="OR",
                ),
                name="a_price_where_there_is_volume",
            ),
        ),
        migrations.AddConstraint(
            model_name="marketinterval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("volume_wh__lte", models.F("asked_wh")), ("volume_wh__lte", models.F("offered_wh"))
                ),
                name="volume_is_at_most_either_side",
            ),
        ),
        migrations.AddIndex(
            model_name="marketorder",
            index=models.Index(fields=["microgrid", "start_at"], name="orders_by_interval"),
        ),
        migrations.AddIndex(
            model_name="marketorder",
            index=models.Index(fields=["site", "start_at"], name="orders_by_site"),
        ),
        migrations.AddConstraint(
            model_name="marketorder",
            constraint=models.CheckConstraint(
                condition=models.Q(("wh__gt", 0)), name="an_order_is_for_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="marketorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("matched_wh__isnull", True), ("matched_wh__lte", models.F("wh")), _connector="OR"
                ),
                name="matched_is_at_most_ordered",
            ),
        ),
        migrations.AddConstraint(
            model_name="marketorder",
            constraint=models.UniqueConstraint(
                condition=models.Q(("placed_by", None)),
                fields=("site", "start_at", "side"),
                name="one_order_of_the_agent",
            ),
        ),
        migrations.AddConstraint(
            model_name="marketterms",
            constraint=models.UniqueConstraint(
                fields=("microgrid", "valid_from"), name="market_terms_once_a_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="marketterms",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("deviation_micro__lte", 10000000), ("gate_minutes__gte", 1), ("gate_minutes__lte", 1440)
                ),
                name="market_terms_within_bounds",
            ),
        ),
        migrations.AddIndex(
            model_name="sitemarketday",
            index=models.Index(fields=["microgrid", "day"], name="market_days_by_day"),
        ),
        migrations.AddConstraint(
            model_name="sitemarketday",
            constraint=models.UniqueConstraint(
                fields=("site", "day", "revision"), name="market_day_revision_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="sitemarketday",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_current", True)),
                fields=("site", "day"),
                name="market_day_one_current",
            ),
        ),
        migrations.AddConstraint(
            model_name="surpluspreference",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    (models.F("site"), "="),
                    (models.F("place"), "="),
                    (
                        grid.models.sharing.DateRange(
                            "valid_from", "valid_to", django.contrib.postgres.fields.ranges.RangeBoundary()
                        ),
                        "&&",
                    ),
                ],
                name="one_receiver_at_each_place",
            ),
        ),
        migrations.AddConstraint(
            model_name="surpluspreference",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    (models.F("site"), "="),
                    (models.F("receiver"), "="),
                    (
                        grid.models.sharing.DateRange(
                            "valid_from", "valid_to", django.contrib.postgres.fields.ranges.RangeBoundary()
                        ),
                        "&&",
                    ),
                ],
                name="a_receiver_once_in_a_list",
            ),
        ),
        migrations.AddConstraint(
            model_name="surpluspreference",
            constraint=models.CheckConstraint(
                condition=models.Q(("site", models.F("receiver")), _negated=True),
                name="nobody_gives_to_itself",
            ),
        ),
        migrations.AddConstraint(
            model_name="surpluspreference",
            constraint=models.CheckConstraint(
                condition=models.Q(("place__gte", 1), ("share__gt", 0), ("share__lte", 1)),
                name="preference_within_bounds",
            ),
        ),
        migrations.AddIndex(
            model_name="givenday",
            index=models.Index(fields=["microgrid", "day"], name="given_by_day"),
        ),
        migrations.AddConstraint(
            model_name="givenday",
            constraint=models.UniqueConstraint(
                fields=("preference", "day", "revision"), name="given_day_revision_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="givenday",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_current", True)),
                fields=("preference", "day"),
                name="given_day_one_current",
            ),
        ),
        migrations.AddConstraint(
            model_name="tradinglimit",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_current", True)), fields=("site",), name="one_trading_limit_a_site"
            ),
        ),
        migrations.AddConstraint(
            model_name="tradinglimit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("buy_limit_micro__isnull", False), ("buying", "limit")),
                    models.Q(models.Q(("buying", "limit"), _negated=True), ("buy_limit_micro__isnull", True)),
                    _connector="OR",
                ),
                name="buying_limit_has_a_price",
            ),
        ),
        migrations.AddConstraint(
            model_name="tradinglimit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("sell_limit_micro__isnull", False), ("selling", "limit")),
                    models.Q(
                        models.Q(("selling", "limit"), _negated=True), ("sell_limit_micro__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="selling_limit_has_a_price",
            ),
        ),
        migrations.RunSQL(GATE, UNDO),
    ]

"""Lines for gifts and for orders that were not kept; the market among the rules that are replayed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0007_payment_triggers"),
    ]

    operations = [
        migrations.AlterField(
            model_name="documentline",
            name="component",
            field=models.CharField(
                choices=[
                    ("standing", "standing charge"),
                    ("local", "energy from neighbours"),
                    ("grid", "energy from the public grid"),
                    ("incentive", "incentive for local energy"),
                    ("local_delivered", "energy delivered to neighbours"),
                    ("carried", "grid energy carried for neighbours"),
                    ("gift", "energy given to you"),
                    ("given", "energy you gave away"),
                    ("deviation", "orders not kept"),
                    ("compensation", "orders others did not keep"),
                    ("export", "energy to the public grid"),
                    ("demand_response", "drawing less when asked"),
                    ("battery", "flexibility of your battery"),
                    ("flexible_run", "flexibility of your devices"),
                    ("demand", "highest power of the month"),
                    ("levy", "levy"),
                    ("discount", "discount"),
                    ("minimum", "top-up to the minimum"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="rulereplay",
            name="key",
            field=models.CharField(
                blank=True,
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
            model_name="rulereplay",
            name="price_rule",
            field=models.CharField(
                blank=True,
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
            ),
        ),
    ]

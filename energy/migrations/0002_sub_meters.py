"""Sub-meters of devices: a kind of meter, its channel, and a request that names one."""

import django.db.models.deletion
from django.db import migrations, models


CHANNELS = """
ALTER TABLE energy_meterday DROP CONSTRAINT energy_meterday_channel_check;
ALTER TABLE energy_meterday ADD CONSTRAINT energy_meterday_channel_check CHECK (channel BETWEEN 1 AND {last});
"""


class Migration(migrations.Migration):
    dependencies = [("energy", "0001_initial")]

    operations = [
        migrations.RunSQL(CHANNELS.format(last=9), CHANNELS.format(last=8)),
        migrations.RemoveConstraint(model_name="meter", name="meter_kind_fits_what_it_measures"),
        migrations.AddField(
            model_name="assetrequest",
            name="meter_code",
            field=models.CharField(
                blank=True,
                help_text="Number of a meter of its own, as on its plate; empty: it has none.",
                max_length=120,
                verbose_name="sub-meter",
            ),
        ),
        migrations.AddField(
            model_name="meter",
            name="consumer",
            field=models.OneToOneField(
                blank=True,
                help_text="A sub-meter's load: what it draws is in the site's own registers as well.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="meter",
                to="energy.consumer",
            ),
        ),
        migrations.AlterField(
            model_name="learnedlimits",
            name="channel",
            field=models.SmallIntegerField(
                choices=[
                    (1, "import"),
                    (2, "export"),
                    (3, "production"),
                    (4, "charge"),
                    (5, "discharge"),
                    (6, "down"),
                    (7, "up"),
                    (8, "reactive"),
                    (9, "draw"),
                ]
            ),
        ),
        migrations.AlterField(
            model_name="meter",
            name="kind",
            field=models.CharField(
                choices=[
                    ("site", "site: import and export"),
                    ("source", "source: production"),
                    ("storage", "storage: charge and discharge"),
                    ("grid", "line or transformer: what flows down and up"),
                    ("device", "device: what one load behind a site draws"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="meterdayversion",
            name="channel",
            field=models.SmallIntegerField(
                choices=[
                    (1, "import"),
                    (2, "export"),
                    (3, "production"),
                    (4, "charge"),
                    (5, "discharge"),
                    (6, "down"),
                    (7, "up"),
                    (8, "reactive"),
                    (9, "draw"),
                ]
            ),
        ),
        migrations.AlterField(
            model_name="registerhandover",
            name="channel",
            field=models.SmallIntegerField(
                choices=[
                    (1, "import"),
                    (2, "export"),
                    (3, "production"),
                    (4, "charge"),
                    (5, "discharge"),
                    (6, "down"),
                    (7, "up"),
                    (8, "reactive"),
                    (9, "draw"),
                ]
            ),
        ),
        migrations.AlterField(
            model_name="review",
            name="channel",
            field=models.SmallIntegerField(
                choices=[
                    (1, "import"),
                    (2, "export"),
                    (3, "production"),
                    (4, "charge"),
                    (5, "discharge"),
                    (6, "down"),
                    (7, "up"),
                    (8, "reactive"),
                    (9, "draw"),
                ]
            ),
        ),
        migrations.AlterField(
            model_name="stagedmeterday",
            name="channel",
            field=models.SmallIntegerField(
                choices=[
                    (1, "import"),
                    (2, "export"),
                    (3, "production"),
                    (4, "charge"),
                    (5, "discharge"),
                    (6, "down"),
                    (7, "up"),
                    (8, "reactive"),
                    (9, "draw"),
                ]
            ),
        ),
        migrations.AddConstraint(
            model_name="meter",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ("site", "grid", "device")), ("source__isnull", True), ("storage__isnull", True)),
                    models.Q(("kind", "source"), ("source__isnull", False), ("storage__isnull", True)),
                    models.Q(("kind", "storage"), ("source__isnull", True), ("storage__isnull", False)),
                    _connector="OR",
                ),
                name="meter_kind_fits_what_it_measures",
            ),
        ),
        migrations.AddConstraint(
            model_name="meter",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("consumer__isnull", False), ("kind", "device")),
                    models.Q(models.Q(("kind", "device"), _negated=True), ("consumer__isnull", True)),
                    _connector="OR",
                ),
                name="sub_meter_has_a_load",
            ),
        ),
    ]

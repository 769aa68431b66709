"""Surplus that waits is a member's: who moves in begins with none."""

import django.db.models.deletion
from django.db import migrations, models

WHOSE = """
ALTER TABLE billing_surpluscarried DISABLE TRIGGER surplus_stays;
UPDATE billing_surpluscarried c SET member_id = s.member_id, first_day = r.first_day
    FROM energy_site s, billing_billingrun r WHERE s.id = c.site_id AND r.id = c.run_id;
ALTER TABLE billing_surpluscarried ENABLE TRIGGER surplus_stays;
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_schema"), ("energy", "0002_site_ownership"), ("members", "0001_schema")]

    operations = [
        migrations.AddField(
            "surpluscarried", "first_day", models.DateField(null=True, help_text="Of the days that the run counts for the member.")
        ),
        migrations.AddField(
            "surpluscarried", "member",
            models.ForeignKey("members.member", django.db.models.deletion.PROTECT, null=True, related_name="surplus"),
        ),
        migrations.RunSQL(WHOSE, migrations.RunSQL.noop),
        migrations.AlterField(
            "surpluscarried", "first_day", models.DateField(help_text="Of the days that the run counts for the member.")
        ),
        migrations.AlterField(
            "surpluscarried", "member",
            models.ForeignKey("members.member", django.db.models.deletion.PROTECT, related_name="surplus"),
        ),
        migrations.RemoveConstraint("surpluscarried", "surplus_once_per_run"),
        migrations.AddConstraint(
            "surpluscarried",
            models.UniqueConstraint(fields=("run", "site", "first_day", "window"), name="surplus_once_per_run"),
        ),
    ]  # fmt: skip

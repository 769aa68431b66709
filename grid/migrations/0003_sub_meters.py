"""What a run drew, by a meter of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("grid", "0002_forgotten_orders_have_a_name")]

    operations = [
        migrations.AddField(
            model_name="flexiblerunresult",
            name="by_own_meter",
            field=models.BooleanField(
                default=False, help_text="What it drew was measured by a meter of its own, not told from the site's use."
            ),
        )
    ]

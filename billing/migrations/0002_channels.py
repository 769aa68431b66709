"""Devices with meters of their own have a channel; nothing changes in the tables."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="billedreadings",
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
        )
    ]

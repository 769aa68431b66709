"""The fuse of a connection."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("energy", "0001_tables"),
    ]

    operations = [
        migrations.AddField(
            model_name="site",
            name="fuse_a",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Of the connection; tariffs may charge by it.",
                null=True,
                verbose_name="fuse [A]",
            ),
        ),
    ]

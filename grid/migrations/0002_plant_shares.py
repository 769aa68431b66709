"""Common plants: how what they feed in is divided among members; the parts always come to the whole."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import grid.models.sharing
import kernel.identifiers
from django.conf import settings
from django.db import migrations, models


WHOLE = """
CREATE FUNCTION keep_divisions_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    the_division bigint;
    parts bigint;
BEGIN
    IF TG_TABLE_NAME = 'grid_plantdivision' THEN
        the_division := NEW.id;
    ELSIF TG_OP = 'DELETE' THEN
        the_division := OLD.division_id;
    ELSE
        the_division := NEW.division_id;
    END IF;
    SELECT coalesce(sum(millionths), 0) INTO parts FROM grid_plantshare WHERE division_id = the_division;
    IF parts <> 1000000 AND EXISTS (SELECT FROM grid_plantdivision WHERE id = the_division) THEN
        RAISE EXCEPTION 'The parts of a common plant come to % millionths, not to the whole', parts;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER parts_are_the_whole AFTER INSERT OR UPDATE OR DELETE ON grid_plantshare
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION keep_divisions_whole();
CREATE CONSTRAINT TRIGGER divisions_have_parts AFTER INSERT ON grid_plantdivision
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION keep_divisions_whole();
"""
UNDO = """
DROP TRIGGER divisions_have_parts ON grid_plantdivision;
DROP TRIGGER parts_are_the_whole ON grid_plantshare;
DROP FUNCTION keep_divisions_whole();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("energy", "0002_site_ownership"),
        ("grid", "0001_schema"),
        ("members", "0001_schema"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PlantDivision",
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
                ("valid_from", models.DateField(verbose_name="from")),
                (
                    "valid_to",
                    models.DateField(
                        blank=True,
                        help_text="Exclusive; empty: until further notice.",
                        null=True,
                        verbose_name="until",
                    ),
                ),
                ("entered_at", models.DateTimeField()),
                (
                    "entered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "plant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="divisions",
                        to="energy.site",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PlantShare",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("millionths", models.PositiveIntegerField()),
                (
                    "division",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shares",
                        to="grid.plantdivision",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plant_shares",
                        to="members.member",
                    ),
                ),
                (
                    "preference",
                    models.OneToOneField(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="plant_share",
                        to="grid.surpluspreference",
                    ),
                ),
                (
                    "used_at",
                    models.ForeignKey(
                        blank=True,
                        help_text="Where the member uses it; only what is not used there is credited. Empty: all of it is credited.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="energy.site",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="plantdivision",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    (models.F("plant"), "="),
                    (
                        grid.models.sharing.DateRange(
                            "valid_from", "valid_to", django.contrib.postgres.fields.ranges.RangeBoundary()
                        ),
                        "&&",
                    ),
                ],
                name="one_division_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="plantdivision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                ),
                name="division_days_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="plantshare",
            constraint=models.UniqueConstraint(
                fields=("division", "member"), name="a_member_once_in_a_division"
            ),
        ),
        migrations.AddConstraint(
            model_name="plantshare",
            constraint=models.CheckConstraint(
                condition=models.Q(("millionths__gt", 0), ("millionths__lte", 1000000)),
                name="a_part_of_a_plant_is_some_of_it",
            ),
        ),
        migrations.RunSQL(WHOLE, UNDO),
    ]

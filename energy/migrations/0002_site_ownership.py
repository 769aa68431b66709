"""Whose a site is, by days: a site begins with an owner, has one on every day, and is handed over by an ownership alone."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import energy.models.ownership
import kernel.identifiers
from django.conf import settings
from django.db import migrations, models


GUARD = """
SET CONSTRAINTS ALL IMMEDIATE;
INSERT INTO energy_siteownership (public_id, site_id, member_id, is_vacant, has_begun, reason)
    SELECT uuidv7(), id, member_id, false, true, '' FROM energy_site;

CREATE FUNCTION begin_ownership() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO energy_siteownership (public_id, site_id, member_id, is_vacant, has_begun, reason)
        VALUES (uuidv7(), NEW.id, NEW.member_id, false, true, '');
    RETURN NULL;
END $$;
CREATE TRIGGER sites_begin_owned AFTER INSERT ON energy_site FOR EACH ROW EXECUTE FUNCTION begin_ownership();

-- Whose a site is follows its ownerships. Where it never changed hands, another member is a slip of the pen mended.
CREATE FUNCTION follow_ownership() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM energy_siteownership WHERE site_id = NEW.id AND member_id = NEW.member_id AND has_begun) THEN
        RETURN NULL;
    END IF;
    IF (SELECT count(*) FROM energy_siteownership WHERE site_id = NEW.id) > 1 THEN
        RAISE EXCEPTION 'This site has changed hands: it is handed over by a move';
    END IF;
    UPDATE energy_siteownership SET member_id = NEW.member_id WHERE site_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER owners_follow AFTER UPDATE OF member_id ON energy_site
    FOR EACH ROW WHEN (OLD.member_id <> NEW.member_id) EXECUTE FUNCTION follow_ownership();

CREATE FUNCTION keep_ownerships_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    the_site bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.site_id ELSE NEW.site_id END;
BEGIN
    IF EXISTS (SELECT FROM energy_site WHERE id = the_site) AND (
        SELECT count(*) FILTER (WHERE valid_from IS NULL) <> 1 OR count(*) FILTER (WHERE valid_to IS NULL) <> 1
            OR count(*) FILTER (WHERE valid_to IS NOT NULL AND NOT EXISTS (
                SELECT FROM energy_siteownership n WHERE n.site_id = the_site AND n.valid_from = o.valid_to)) > 0
        FROM energy_siteownership o WHERE o.site_id = the_site) THEN
        RAISE EXCEPTION 'On some day the site % would be nobody''s', the_site;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ownerships_are_whole AFTER INSERT OR UPDATE OR DELETE ON energy_siteownership
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION keep_ownerships_whole();
"""

UNDO = """
DROP TRIGGER ownerships_are_whole ON energy_siteownership;
DROP TRIGGER owners_follow ON energy_site;
DROP TRIGGER sites_begin_owned ON energy_site;
DROP FUNCTION keep_ownerships_whole();
DROP FUNCTION follow_ownership();
DROP FUNCTION begin_ownership();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("energy", "0001_schema"),
        ("members", "0001_schema"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="site",
            name="landlord",
            field=models.ForeignKey(
                blank=True,
                help_text="Who pays while nobody lives there; empty: the cooperative.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.member",
            ),
        ),
        migrations.AlterField(
            model_name="site",
            name="member",
            field=models.ForeignKey(
                help_text="Whose it is today; it is handed over by a move.",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sites",
                to="members.member",
            ),
        ),
        migrations.CreateModel(
            name="SiteOwnership",
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
                (
                    "valid_from",
                    models.DateField(
                        blank=True,
                        help_text="First day; empty: from the beginning.",
                        null=True,
                        verbose_name="from",
                    ),
                ),
                (
                    "valid_to",
                    models.DateField(
                        blank=True,
                        help_text="The day after the last; empty: until further notice.",
                        null=True,
                        verbose_name="until",
                    ),
                ),
                ("is_vacant", models.BooleanField(default=False, verbose_name="nobody lives there")),
                (
                    "has_begun",
                    models.BooleanField(
                        default=False, help_text="Its first day has come, and the site is theirs."
                    ),
                ),
                ("entered_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                (
                    "entered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ownerships",
                        to="members.member",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ownerships",
                        to="energy.site",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["member"], name="ownerships_by_member")],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (models.F("site"), "="),
                            (
                                energy.models.ownership.DateRange(
                                    "valid_from",
                                    "valid_to",
                                    django.contrib.postgres.fields.ranges.RangeBoundary(),
                                ),
                                "&&",
                            ),
                        ],
                        name="one_owner_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_from__isnull", True),
                            ("valid_to__isnull", True),
                            ("valid_to__gt", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="ownership_days_in_order",
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARD, UNDO),
    ]

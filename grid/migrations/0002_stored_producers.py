"""Who produced the local energy in storages; days from before are of nobody known, and each day must add up by producer."""

import django.contrib.postgres.fields
from django.db import migrations, models

# Local energy is the second origin.
FILL = """
UPDATE grid_storageday SET
    producers = '{0}', produced_before_wh = ARRAY[before_wh[2]],
    produced_charged_wh = ARRAY[(SELECT coalesce(sum(v), 0) FROM unnest(charged_wh[2:2]) AS v)],
    produced_discharged_wh = ARRAY[(SELECT coalesce(sum(v), 0) FROM unnest(discharged_wh[2:2]) AS v)],
    produced_lost_wh = ARRAY[(SELECT coalesce(sum(v), 0) FROM unnest(lost_wh[2:2]) AS v)],
    parcels_at = coalesce((SELECT array_agg(layers_at[l] ORDER BY l) FROM generate_subscripts(layers_wh, 1) AS l
        WHERE layers_wh[l][2] > 0), '{}'),
    parcels_layer = coalesce((SELECT array_agg((l - 1)::smallint ORDER BY l) FROM generate_subscripts(layers_wh, 1) AS l
        WHERE layers_wh[l][2] > 0), '{}'),
    parcels_wh = coalesce((SELECT array_agg(ARRAY[layers_wh[l][2]] ORDER BY l) FROM generate_subscripts(layers_wh, 1) AS l
        WHERE layers_wh[l][2] > 0), '{}')
WHERE before_wh[2] > 0 OR EXISTS (SELECT FROM unnest(charged_wh[2:2]) AS v WHERE v > 0);
"""

KEEP = """
CREATE FUNCTION keep_stored_producers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    fault bigint;
BEGIN
    SELECT NEW.producers[p] INTO fault FROM generate_subscripts(NEW.producers, 1) AS p
    WHERE least(NEW.produced_before_wh[p], NEW.produced_charged_wh[p], NEW.produced_discharged_wh[p], NEW.produced_lost_wh[p]) < 0
        OR NEW.produced_before_wh[p] + NEW.produced_charged_wh[p] IS DISTINCT FROM
            NEW.produced_discharged_wh[p] + NEW.produced_lost_wh[p]
            + coalesce((SELECT sum(NEW.parcels_wh[k][p]) FROM generate_subscripts(NEW.parcels_wh, 1) AS k), 0)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Storage % on %: energy produced by % is not conserved', NEW.storage_id, NEW.day, fault;
    END IF;
    IF (SELECT coalesce(sum(v), 0) FROM unnest(NEW.produced_before_wh) AS v) IS DISTINCT FROM NEW.before_wh[2]
        OR (SELECT coalesce(sum(v), 0) FROM unnest(NEW.produced_charged_wh) AS v) IS DISTINCT FROM
            (SELECT coalesce(sum(v), 0) FROM unnest(NEW.charged_wh[2:2]) AS v)
        OR (SELECT coalesce(sum(v), 0) FROM unnest(NEW.produced_discharged_wh) AS v) IS DISTINCT FROM
            (SELECT coalesce(sum(v), 0) FROM unnest(NEW.discharged_wh[2:2]) AS v)
        OR (SELECT coalesce(sum(v), 0) FROM unnest(NEW.produced_lost_wh) AS v) IS DISTINCT FROM
            (SELECT coalesce(sum(v), 0) FROM unnest(NEW.lost_wh[2:2]) AS v) THEN
        RAISE EXCEPTION 'Storage % on %: producers do not sum to local energy', NEW.storage_id, NEW.day;
    END IF;
    SELECT l INTO fault FROM generate_subscripts(NEW.layers_wh, 1) AS l
    WHERE NEW.layers_wh[l][2] IS DISTINCT FROM coalesce((
        SELECT sum(v) FROM generate_subscripts(NEW.parcels_layer, 1) AS k, unnest(NEW.parcels_wh[k:k]) AS v
        WHERE NEW.parcels_layer[k] = l - 1), 0)
    LIMIT 1;
    IF FOUND OR EXISTS (SELECT FROM unnest(NEW.parcels_wh) AS v WHERE v < 0)
        OR coalesce(array_length(NEW.parcels_wh, 2), cardinality(NEW.producers)) <> cardinality(NEW.producers) THEN
        RAISE EXCEPTION 'Storage % on %: parcels are not what lies in its layers', NEW.storage_id, NEW.day;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stored_producers_are_kept BEFORE INSERT OR UPDATE ON grid_storageday
    FOR EACH ROW EXECUTE FUNCTION keep_stored_producers();
"""
UNDO_KEEP = """
DROP TRIGGER stored_producers_are_kept ON grid_storageday;
DROP FUNCTION keep_stored_producers();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("energy", "0001_tables"),
        ("grid", "0001_tables"),
    ]

    operations = [
        migrations.AddField(
            model_name="storageday",
            name="parcels_at",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.DateTimeField(),
                default=list,
                help_text="When each parcel came in.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="storageday",
            name="parcels_layer",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.SmallIntegerField(),
                default=list,
                help_text="In which layer it lies, from 0.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="storageday",
            name="parcels_wh",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=django.contrib.postgres.fields.ArrayField(
                    base_field=models.BigIntegerField(), size=None
                ),
                default=list,
                help_text="By parcel and producer.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="storageday",
            name="produced_before_wh",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, help_text="By producer.", size=None
            ),
        ),
        migrations.AddField(
            model_name="storageday",
            name="produced_charged_wh",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, help_text="By producer.", size=None
            ),
        ),
        migrations.AddField(
            model_name="storageday",
            name="produced_discharged_wh",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, help_text="By producer.", size=None
            ),
        ),
        migrations.AddField(
            model_name="storageday",
            name="produced_lost_wh",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, help_text="By producer.", size=None
            ),
        ),
        migrations.AddField(
            model_name="storageday",
            name="producers",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                default=list,
                help_text="Sites whose energy it held, ascending; 0: not known.",
                size=None,
            ),
        ),
        migrations.AddConstraint(
            model_name="storageday",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("parcels_layer__len", models.F("parcels_at__len")),
                    ("parcels_wh__len", models.F("parcels_at__len")),
                    ("produced_before_wh__len", models.F("producers__len")),
                    ("produced_charged_wh__len", models.F("producers__len")),
                    ("produced_discharged_wh__len", models.F("producers__len")),
                    ("produced_lost_wh__len", models.F("producers__len")),
                ),
                name="storage_day_by_producers",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(KEEP, UNDO_KEEP),
    ]

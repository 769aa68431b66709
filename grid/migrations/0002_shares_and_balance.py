"""Shares per site, partitioned by month; a balance that must hold; prices that stay."""

from django.db import migrations

SHARES = """
CREATE TABLE grid_siteshareday (
    day date NOT NULL,
    site_id bigint NOT NULL,
    revision smallint NOT NULL DEFAULT 0,
    microgrid_id bigint NOT NULL,
    is_current boolean NOT NULL DEFAULT true,
    received_wh integer[],
    delivered_wh integer[],
    PRIMARY KEY (day, site_id, revision),
    CONSTRAINT shares_not_negative CHECK (0 <= ALL (received_wh) AND 0 <= ALL (delivered_wh))
) PARTITION BY RANGE (day);
CREATE INDEX share_by_microgrid ON grid_siteshareday (microgrid_id, day) WHERE is_current;
"""

BALANCE = """
CREATE FUNCTION keep_the_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    fault integer;
BEGIN
    SELECT i INTO fault FROM generate_subscripts(NEW.import_wh, 1) AS i
    WHERE NEW.import_wh[i] + NEW.production_wh[i] + NEW.discharge_wh[i]
        IS DISTINCT FROM NEW.consumption_wh[i] + NEW.charge_wh[i] + NEW.export_wh[i] + NEW.losses_wh[i]
    LIMIT 1;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'The balance of % does not hold in interval %', NEW.day, fault - 1;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER balance_holds BEFORE INSERT OR UPDATE ON grid_balanceday
    FOR EACH ROW EXECUTE FUNCTION keep_the_balance();

CREATE FUNCTION keep_published_prices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Published prices stay as they are (%)', OLD.day;
END $$;
CREATE TRIGGER prices_stay BEFORE UPDATE OR DELETE ON grid_priceday
    FOR EACH ROW EXECUTE FUNCTION keep_published_prices();
"""

UNDO = """
DROP TRIGGER prices_stay ON grid_priceday;
DROP FUNCTION keep_published_prices();
DROP TRIGGER balance_holds ON grid_balanceday;
DROP FUNCTION keep_the_balance();
DROP TABLE grid_siteshareday;
"""


class Migration(migrations.Migration):
    dependencies = [("grid", "0001_initial"), ("energy", "0003_partitioned_facts")]

    operations = [migrations.RunSQL(SHARES + BALANCE, UNDO)]

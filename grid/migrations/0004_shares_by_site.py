"""Shares of some sites over a month are found by site too: a chunk of a billing run must not read everybody's."""

from django.db import migrations

BY_SITE = """
CREATE INDEX share_by_site ON grid_siteshareday (microgrid_id, day, site_id) WHERE is_current;
DROP INDEX share_by_microgrid;
"""
UNDO = """
CREATE INDEX share_by_microgrid ON grid_siteshareday (microgrid_id, day) WHERE is_current;
DROP INDEX share_by_site;
"""


class Migration(migrations.Migration):
    dependencies = [("grid", "0003_control_detail")]

    operations = [migrations.RunSQL(BY_SITE, UNDO)]

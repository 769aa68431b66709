"""Stores quarter-hourly readings as FlexMeasures does (`save_to_db` of a BeliefsDataFrame); run by its own Python.

`python flexmeasures_storage.py READINGS.npz SETTINGS.cfg`: energy [sensors, T] and the first instant; the settings name the database.
"""

import json
import sys
import time
from datetime import timedelta
from importlib.metadata import version

import numpy as np
import pandas as pd
import timely_beliefs as tb
from flask_migrate import upgrade
from flexmeasures.app import create
from sqlalchemy import text


def main(path: str, settings: str) -> None:
    """Make sensors, save all readings sensor by sensor, read the sum back."""
    given = np.load(path)
    energy, start = given["energy"], pd.Timestamp(int(given["start_s"]), unit="s", tz="UTC")
    app = create(path_to_config=settings)
    with app.app_context():
        from flexmeasures.data import db
        from flexmeasures.data.models.data_sources import DataSource
        from flexmeasures.data.models.generic_assets import GenericAsset, GenericAssetType
        from flexmeasures.data.models.time_series import Sensor
        from flexmeasures.data.utils import save_to_db

        upgrade()
        kind = GenericAssetType(name="meter")
        asset = GenericAsset(name="village", generic_asset_type=kind)
        source = DataSource(name="bench", type="script")
        sensors = [
            Sensor(f"meter {n}", generic_asset=asset, unit="Wh", timezone="UTC", event_resolution=timedelta(minutes=15))
            for n in range(len(energy))
        ]
        db.session.add_all([kind, asset, source, *sensors])
        db.session.commit()
        index = pd.date_range(start, periods=energy.shape[1], freq="15min")
        began = time.perf_counter()
        processor = time.process_time()
        for sensor, values in zip(sensors, energy, strict=True):
            series = pd.Series(values.astype(float), index=index)
            save_to_db(tb.BeliefsDataFrame(series, sensor=sensor, source=source, belief_horizon=timedelta(0)))
            db.session.commit()
        seconds = time.perf_counter() - began
        processor = time.process_time() - processor
        total, rows = db.session.execute(text("SELECT sum(event_value), count(*) FROM timed_belief")).one()
        db.session.execute(text("ANALYZE timed_belief"))
        size = db.session.execute(text("SELECT pg_total_relation_size('timed_belief')")).scalar()
    print(
        json.dumps(
            {
                "version": version("flexmeasures"),
                "seconds": seconds,
                "processor_s": processor,
                "sum_wh": int(total),
                "values": rows,
                "bytes": size,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

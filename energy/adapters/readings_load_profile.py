"""The interval CSV in which grid operators of Germany and Austria hand out load profiles.

`Zählpunkt;OBIS;Von;Bis;Wert;Einheit;Status`: the metering point's id, the OBIS number of the profile, local wall-clock time,
kWh (3.29.0, reactive energy: kvarh) with a decimal comma, W for a true value and E for a substitute (Ersatzwert).
"""

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from energy.adapters.delimited_text import csv_bytes, header_bytes, kwh_text, read_table
from energy.adapters.readings_long import PartRows, read_rows
from energy.domain.local_time import local_labels
from energy.domain.reading_files import (
    DRAWN,
    FED_IN,
    REACTIVE,
    CannotReadFile,
    EnergyUnit,
    FileContent,
    ReadingPart,
    ReadOptions,
    SeriesName,
)

COLUMNS = ("Zählpunkt", "OBIS", "Von", "Bis", "Wert", "Einheit", "Status")
ALSO = {
    "zaehlpunkt": "zählpunkt",
    "zählpunktnummer": "zählpunkt",
    "zaehlpunktnummer": "zählpunkt",
    "messlokation": "zählpunkt",
    "metering point": "zählpunkt",
    "obis-kennzahl": "obis",
    "obis code": "obis",
    "datum von": "von",
    "zeit von": "von",
    "from": "von",
    "zeitstempel": "von",
    "datum bis": "bis",
    "to": "bis",
    "messwert": "wert",
    "wert_kwh": "wert",
    "wert [kwh]": "wert",
    "value": "wert",
    "unit": "einheit",
    "qualität": "status",
}
OBIS = {
    "1-1:1.29.0": DRAWN,
    "1-1:2.29.0": FED_IN,
    "1-0:1.29.0": DRAWN,
    "1-0:2.29.0": FED_IN,
    "1-1:3.29.0": REACTIVE,
    "1-0:3.29.0": REACTIVE,
}
UNITS = {"kwh": EnergyUnit.KWH, "kvarh": EnergyUnit.KWH, "wh": EnergyUnit.WH, "varh": EnergyUnit.WH}
FED_IN_CHANNELS = ("export", "production", "discharge", "up")


class LoadProfileCsv:
    """One row per metering point, OBIS number and interval; `Bis` and `Einheit` may be left out (kWh then)."""

    name, title, suffix, media_type = ("load_profile", "Load profile of a grid operator (CSV)", "csv", "text/csv")

    def read(self, content: bytes, options: ReadOptions) -> FileContent:
        table = read_table(content)
        places = {ALSO.get(n.lower(), n.lower()): i for i, n in reversed(list(enumerate(table.names)))}
        missing = [name for name in ("zählpunkt", "obis", "von", "wert") if name not in places]
        if missing:
            raise CannotReadFile(f"The header lacks '{missing[0].capitalize()}': it should read {';'.join(COLUMNS)}.")
        unit = self._unit(table.columns[places["einheit"]]) if "einheit" in places else EnergyUnit.KWH
        meant = ReadOptions(options.zone, options.interval_minutes, unit, clock=options.clock)
        return read_rows(
            table,
            meant,
            meter=places["zählpunkt"],
            channel=places["obis"],
            time=places["von"],
            value=places["wert"],
            status=places.get("status"),
            channels=OBIS,
        )

    def _unit(self, column: pa.Array) -> EnergyUnit:
        units = pc.unique(pc.utf8_lower(pc.utf8_trim_whitespace(column))).to_pylist()
        found = sorted(unit for unit in units if unit)
        meant = {UNITS.get(unit) for unit in found}
        if len(meant) != 1 or None in meant:
            raise CannotReadFile(
                f"Column Einheit says {', '.join(found)[:60] or 'nothing'}; it must be kWh (kvarh) or Wh (varh) throughout."
            )
        return next(unit for unit in meant if unit is not None)

    def write(self, names: Sequence[SeriesName], parts: Iterable[ReadingPart], options: ReadOptions) -> Iterator[bytes]:
        delimiter = ";"
        yield header_bytes(COLUMNS, delimiter)
        obis = [_obis(name.channel) for name in names]
        units = ["kvarh" if name.channel == REACTIVE else "kWh" for name in names]
        for part in parts:
            rows = PartRows.of(part, EnergyUnit.WH)
            begin, end = (
                [label.strftime("%d.%m.%Y %H:%M") for label in local_labels(part.starts_s + shift, options.zone)]
                for shift in (0, options.interval_s)
            )
            columns = [
                pa.DictionaryArray.from_arrays(index, texts).cast(pa.string())
                for index, texts in (
                    (rows.series, [n.meter for n in names]),
                    (rows.series, obis),
                    (rows.interval, begin),
                    (rows.interval, end),
                    (rows.series, units),
                )
            ]
            amounts = pa.array(kwh_text(rows.amounts.to_numpy(), ","))
            yield csv_bytes([*columns[:4], amounts, columns[4], rows.status], delimiter)


def _obis(channel: str) -> str:
    if channel == REACTIVE:
        return "1-1:3.29.0"
    return "1-1:2.29.0" if channel in FED_IN_CHANNELS else "1-1:1.29.0"

"""The formats of files of readings by name."""

from energy.adapters.readings_espi import GreenButtonXml
from energy.adapters.readings_load_profile import LoadProfileCsv
from energy.adapters.readings_long import LongCsv
from energy.adapters.readings_parquet import ParquetFile
from energy.adapters.readings_wide import WideCsv
from energy.domain.reading_files import ReadingFormat

FORMATS: dict[str, ReadingFormat] = {
    found.name: found for found in (WideCsv(), LongCsv(), GreenButtonXml(), LoadProfileCsv(), ParquetFile())
}

"""Where weather comes from: Open-Meteo's JSON form from an address or a file, or a CSV file."""

import csv
import json
import math
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode

from energy.domain.weather import CannotReadWeather, ForetoldHour, WeatherService, WeatherUnavailable

PATIENCE_S = 10
LARGEST_ANSWER_BYTES = 4 * 2**20
HOURLY = ("temperature_2m", "cloud_cover", "shortwave_radiation")
CSV_COLUMNS = ("time", "air_temperature_c", "cloud_cover_percent", "irradiance_w_m2")


def weather_service(address: str) -> WeatherService | None:
    """The service behind a setting: an `http(s)` address in Open-Meteo's form, a `.json` or a `.csv` file; None where it is empty."""
    if not address:
        return None
    if address.startswith(("http://", "https://")):
        return OpenMeteo(address)
    path = Path(address)
    return CsvWeather(path) if path.suffix == ".csv" else OpenMeteoFile(path)


class OpenMeteo:
    """An address that answers as api.open-meteo.com/v1/forecast does."""

    name = "Open-Meteo"

    def __init__(self, address: str) -> None:
        self.address = address

    def foretell(self, latitude: float, longitude: float) -> Sequence[ForetoldHour]:
        asked = urlencode(
            {
                "latitude": f"{latitude:.4f}",
                "longitude": f"{longitude:.4f}",
                "hourly": ",".join(HOURLY),
                "timezone": "UTC",
                "timeformat": "unixtime",
                "forecast_days": 8,
            }
        )
        joint = "&" if "?" in self.address else "?"
        try:
            with urllib.request.urlopen(f"{self.address}{joint}{asked}", timeout=PATIENCE_S) as answer:
                body = answer.read(LARGEST_ANSWER_BYTES)
        except (URLError, TimeoutError, OSError) as problem:
            raise WeatherUnavailable(f"{self.name} does not answer: {problem}") from None
        return read_open_meteo(body.decode("utf-8", "replace"))


class OpenMeteoFile:
    """The same from a file that something else fetches."""

    name = "Open-Meteo (file)"

    def __init__(self, path: Path) -> None:
        self.path = path

    def foretell(self, latitude: float, longitude: float) -> Sequence[ForetoldHour]:
        return read_open_meteo(_text_of(self.path))


class CsvWeather:
    """A CSV file: time with offset, air_temperature_c, cloud_cover_percent, irradiance_w_m2; a cell may be empty."""

    name = "CSV"

    def __init__(self, path: Path) -> None:
        self.path = path

    def foretell(self, latitude: float, longitude: float) -> Sequence[ForetoldHour]:
        return read_weather_csv(self.path.name, _text_of(self.path))


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise WeatherUnavailable(f"{path.name} cannot be read: {problem}") from None


def read_open_meteo(text: str) -> list[ForetoldHour]:
    """Hours of an answer in Open-Meteo's form.

    Its radiation is the mean of the hour before the time it stands at; here it belongs to that hour's start.
    """
    try:
        hourly = json.loads(text)["hourly"]
        times = [_instant(value) for value in hourly["time"]]
    except (json.JSONDecodeError, RecursionError, KeyError, TypeError):
        raise CannotReadWeather("hourly.time is missing; ask for hourly values as Open-Meteo documents") from None
    columns = {name: _column(hourly, name, len(times)) for name in HOURLY}
    radiation = dict(zip((t - timedelta(hours=1) for t in times), columns["shortwave_radiation"], strict=True))
    return [
        ForetoldHour(at, temperature, cloud, radiation.get(at))
        for at, temperature, cloud in zip(times, columns["temperature_2m"], columns["cloud_cover"], strict=True)
    ]


def _instant(value: Any) -> datetime:
    """A time of an answer: seconds since 1970, or ISO text in UTC."""
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(value)
    except (ValueError, TypeError, OverflowError):
        raise CannotReadWeather(f"hourly.time: '{value}' is no time; ask with timezone=UTC") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _column(hourly: dict[str, Any], name: str, count: int) -> list[float | None]:
    values = hourly.get(name)
    if values is None:
        return [None] * count
    if not isinstance(values, list) or len(values) != count:
        raise CannotReadWeather(f"hourly.{name} has not one value per time")
    return [_number(f"hourly.{name}", value) for value in values]


def _number(where: str, value: Any) -> float | None:
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise CannotReadWeather(f"{where}: '{value}' is not a number; use a decimal point or leave it empty")
    return number


def read_weather_csv(name: str, text: str) -> list[ForetoldHour]:
    """Hours of a CSV file."""
    reader = csv.DictReader(text.splitlines())
    missing = [column for column in CSV_COLUMNS if column not in (reader.fieldnames or [])]
    if missing:
        raise CannotReadWeather(f"{name}, row 1: column {', '.join(missing)} is missing; add it to the header")
    hours = []
    for number, row in enumerate(reader, start=2):
        try:
            at = datetime.fromisoformat(row["time"] or "")
        except ValueError:
            raise CannotReadWeather(f"{name}, row {number}, column time: '{row['time']}' is no time") from None
        if at.tzinfo is None:
            raise CannotReadWeather(f"{name}, row {number}, column time: '{row['time']}' has no offset")
        numbers = [_number(f"{name}, row {number}, column {column}", row[column]) for column in CSV_COLUMNS[1:]]
        hours.append(ForetoldHour(at.astimezone(UTC), *numbers))
    return hours

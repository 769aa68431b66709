"""What an alarm of a member's own says when it goes off, written in each language."""

from dataclasses import dataclass

from energy.domain.own_alarms import AlarmKind


@dataclass(frozen=True, slots=True)
class OwnAlarmWords:
    """One language."""

    sentences: dict[AlarmKind, str]
    asked: str
    decimal: str

    def sentence(self, kind: AlarmKind, value: float, limit: float) -> str:
        """What was measured, beside the limit."""
        digits = 1 if kind is AlarmKind.DAY_USE else 0
        return self.sentences[kind].format(value=self._figure(value, digits), limit=self._figure(limit, None))

    def _figure(self, value: float, digits: int | None) -> str:
        told = f"{value:g}" if digits is None else f"{value:.{digits}f}"
        return told.replace(".", self.decimal)


ENGLISH = OwnAlarmWords(
    sentences={
        AlarmKind.DAY_USE: "You used {value} kWh, more than {limit} kWh.",
        AlarmKind.BASE_LOAD: "{value} W ran day and night, more than {limit} W.",
        AlarmKind.NO_USE: "Nothing was used for {value} days.",
        AlarmKind.ROOF_BELOW: "Your roof gave {value} % of what the village's other roofs let expect, below {limit} %.",
    },
    asked="You asked to be told.",
    decimal=".",
)
GERMAN = OwnAlarmWords(
    sentences={
        AlarmKind.DAY_USE: "Sie haben {value} kWh verbraucht, mehr als {limit} kWh.",
        AlarmKind.BASE_LOAD: "{value} W liefen Tag und Nacht, mehr als {limit} W.",
        AlarmKind.NO_USE: "Seit {value} Tagen wurde nichts verbraucht.",
        AlarmKind.ROOF_BELOW: "Ihr Dach gab {value} % dessen, was die anderen Dächer im Dorf erwarten lassen, weniger als {limit} %.",
    },
    asked="Sie wollten das wissen.",
    decimal=",",
)
WORDS = {"en": ENGLISH, "de": GERMAN}

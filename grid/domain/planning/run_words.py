"""Why a run of a device is planned when it is, for its owner, written in each language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunWords:
    """One language. A sentence begins with `runs` and goes on with one of the five after it."""

    lang: str
    had_all: str
    no_time: str
    no_room: str
    runs: str
    too_little: str
    all_its_time: str
    cheaper: str
    no_later: str
    stretch: str
    both: str
    more: str
    plans_end: str
    decimal: str

    def figure(self, value: float, digits: int) -> str:
        """A figure with the language's separator."""
        return f"{value:.{digits}f}".replace(".", self.decimal)


ENGLISH = RunWords(
    lang="en",
    had_all="It had all the energy it asked for.",
    no_time="No time is left for it.",
    no_room="There is no room for it before {until}.",
    runs="It runs {times}: energy is worth {worth} per kWh then",
    too_little="; {missing} of {left} kWh do not fit before {until}.",
    all_its_time="; it needs all the time it has.",
    cheaper=", {full} if it ran as soon as it may: {saved} less in all.",
    no_later="; no later time is better.",
    stretch="{begin} to {end}",
    both=" and ",
    more="{count} times more",
    plans_end="the plan's end",
    decimal=".",
)
GERMAN = RunWords(
    lang="de",
    had_all="Alle gewünschte Energie ist geflossen.",
    no_time="Dafür ist keine Zeit mehr.",
    no_room="Vor {until} ist dafür kein Platz.",
    runs="Es läuft {times}: Eine kWh ist dann {worth} wert",
    too_little="; {missing} von {left} kWh passen vor {until} nicht mehr hinein.",
    all_its_time="; es braucht die ganze Zeit, die ihm bleibt.",
    cheaper=", so früh wie möglich wären es {full}: zusammen {saved} weniger.",
    no_later="; später wäre es nicht besser.",
    stretch="von {begin} bis {end}",
    both=" und ",
    more="noch {count}-mal",
    plans_end="dem Ende des Plans",
    decimal=",",
)
WORDS = {"en": ENGLISH, "de": GERMAN}

"""How loadings and voltages are shown: a class for colour and pattern, and the words that say the same."""

from dataclasses import dataclass

from grid.domain.alarms import LOADING_ALARM, LOADING_LIMIT

NOTABLE = 500  # from here on a line is drawn stronger, though nothing is wrong
NEAR_BAND = 100  # 0.01 p.u. inside its band a voltage is worth a look
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Look:
    """A class of the style sheet, and what it says."""

    name: str
    words: str


def loading_look(loading: int | None) -> Look:
    """The look of a branch by its loading [1/1,000 of its rating]."""
    if loading is None:
        return Look(UNKNOWN, "not known")
    percent = f"{loading / 10:.0f} % of its rating"
    if loading >= LOADING_LIMIT * 1000:
        return Look("over", f"{percent}, overloaded")
    if loading >= LOADING_ALARM * 1000:
        return Look("high", f"{percent}, high")
    return Look("notable" if loading >= NOTABLE else "calm", percent)


def voltage_look(voltage: int | None, vm_min: int, vm_max: int) -> Look:
    """The look of a node by its voltage and its band [1/10,000 p.u.]."""
    if voltage is None:
        return Look(UNKNOWN, "no voltage known")
    words = f"{voltage / 10_000:.3f} p.u."
    if voltage < vm_min:
        return Look("below", f"{words}, below its band")
    if voltage > vm_max:
        return Look("above", f"{words}, above its band")
    if voltage < vm_min + NEAR_BAND:
        return Look("low", f"{words}, near the lower end")
    if voltage > vm_max - NEAR_BAND:
        return Look("raised", f"{words}, near the upper end")
    return Look("good", words)


def width_of(loading: int | None) -> float:
    """How broad a branch is drawn [px]."""
    return 1.5 if loading is None else round(1.5 + min(loading, 1200) / 240, 1)


def charge_percent(soc_wh: list[int | None], capacity_wh: list[int]) -> int | None:
    """How full some storages are together; None where one is silent or there is none."""
    total = sum(capacity_wh)
    if not total or any(value is None for value in soc_wh):
        return None
    return round(100 * sum(value or 0 for value in soc_wh) / total)

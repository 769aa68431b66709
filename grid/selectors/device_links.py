"""Links to devices in words: what was sent last, what was read back, how it goes."""

from collections.abc import Sequence
from dataclasses import dataclass

from energy.models import Microgrid
from grid.domain.devices.links import SENTENCES, Problem
from grid.models import DeviceLink
from kernel.units import power_for_people


def _power(power_w: float) -> str:
    return " ".join(power_for_people(round(power_w)))


def told(row: DeviceLink) -> str:
    """The last set-point."""
    if row.sent_at is None:
        return "nothing yet"
    if row.storage_id is None:
        return "no limit" if row.sent_limit_w is None else f"at most {_power(row.sent_limit_w)}"
    if row.sent_charge_w:
        return f"charge {_power(row.sent_charge_w)}"
    return f"give {_power(row.sent_discharge_w)}" if row.sent_discharge_w else "stand idle"


def read_back(row: DeviceLink) -> str:
    """What the device said of itself last."""
    said = []
    if row.read_charge_w:
        said.append(f"takes {_power(row.read_charge_w)}")
    if row.read_discharge_w:
        said.append(f"gives {_power(row.read_discharge_w)}")
    if row.read_limit_w is not None:
        said.append(f"at most {_power(row.read_limit_w)}")
    if row.read_soc_share is not None:
        said.append(f"{100 * row.read_soc_share:.0f} % charged")
    return ", ".join(said) or row.state or "nothing yet"


def health(row: DeviceLink) -> str:
    """How it goes, in a sentence."""
    if row.problem:
        return f"{SENTENCES[Problem(row.problem)]} {_sentence(row.problem_detail)}".strip()
    return _sentence(row.problem_detail) or ("Well." if row.last_contact_at else "Not heard yet.")


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}{'' if words.endswith('.') else '.'}" if words else ""


@dataclass(frozen=True, slots=True)
class LinkLine:
    """A link as an operator reads it."""

    link: DeviceLink
    told: str
    read_back: str
    health: str


def link_lines(microgrid: Microgrid) -> Sequence[LinkLine]:
    """The microgrid's links, those with a problem first."""
    rows = DeviceLink.objects.filter(microgrid=microgrid).select_related("storage__site", "source__site", "consumer__site")
    ordered = sorted(rows, key=lambda row: (not row.is_enabled, not row.problem, row.protocol, row.device.code))
    return [LinkLine(row, told(row), read_back(row), health(row)) for row in ordered]

"""What moves on the live page: arrays in a fixed order, small enough to be told every few seconds and kept for a month."""

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid.domain.network.powerflow import Flow

Numbers = list[int | None]
_VOLTAGE_STEPS = 10_000
_LOADING_STEPS = 1_000
_UNKNOWN = -(2**31)


class CannotRead(ValueError):
    """The kept bytes are not a picture of that many parts."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One instant of wires and storages, in the order of nodes, branches (lines, then transformers) and storages.

    Attributes:
        voltage: by node [1/10,000 p.u.], None where none is known.
        loading: by branch [1/1,000 of its rating].
        branch_w: by branch, what flows from its first to its second node [W].
        soc_wh, charge_w, discharge_w: by storage, None where it is silent.
    """

    voltage: Numbers
    loading: Numbers
    branch_w: Numbers
    soc_wh: Numbers
    charge_w: Numbers
    discharge_w: Numbers

    @property
    def sizes(self) -> tuple[int, int, int]:
        return len(self.voltage), len(self.loading), len(self.soc_wh)


def picture_of(flow: Flow | None, soc_wh: NDArray[np.float64], charge_w: NDArray[np.float64], discharge_w: NDArray[np.float64]) -> Picture:
    """The picture of a power flow and of what storages report; without a power flow it has no wires."""
    storages = (_whole(soc_wh), _whole(charge_w), _whole(discharge_w))
    if flow is None:
        return Picture([], [], [], *storages)
    loading = np.concatenate([flow.line_loading, flow.transformer_loading])
    power = np.concatenate([flow.line_power_w, flow.transformer_power_w])
    return Picture(_whole(flow.voltage_pu * _VOLTAGE_STEPS), _whole(loading * _LOADING_STEPS), _whole(power), *storages)


def pack(picture: Picture) -> bytes:
    """A few hundred bytes for a village: whole numbers, compressed."""
    columns = [picture.voltage, picture.loading, picture.branch_w, picture.soc_wh, picture.charge_w, picture.discharge_w]
    numbers = [_UNKNOWN if value is None else value for column in columns for value in column]
    sizes = np.array([len(picture.voltage), len(picture.loading), len(picture.soc_wh)], dtype="<i4")
    # Numbers of one kind lie side by side and their high bytes are nearly all alike: byte planes halve the size.
    planes = np.array(numbers, dtype="<i4").view(np.uint8).reshape(-1, 4).T
    return zlib.compress(sizes.tobytes() + planes.tobytes(), 6)


def unpack(packed: bytes) -> Picture:
    """The picture that was packed.

    Raises:
        CannotRead: these are not the bytes of one.
    """
    try:
        raw = zlib.decompress(packed)
        nodes, branches, storages = (int(n) for n in np.frombuffer(raw[:12], dtype="<i4"))
        planes = np.frombuffer(raw[12:], dtype=np.uint8).reshape(4, -1)
        numbers = np.ascontiguousarray(planes.T).view("<i4").ravel()
        ends = np.cumsum([nodes, branches, branches, storages, storages, storages])
    except (zlib.error, ValueError) as problem:
        raise CannotRead(str(problem)) from None
    if len(numbers) != ends[-1]:
        raise CannotRead(f"{len(numbers)} numbers where {ends[-1]} belong")
    columns = np.split(numbers, ends[:-1])
    return Picture(*([None if value == _UNKNOWN else int(value) for value in column.tolist()] for column in columns))


def order_of(*codes: Iterable[str] | Sequence[str]) -> str:
    """A short name of an order of codes: a page whose order has another name asks for the order again."""
    text = "\x1e".join("\x1f".join(part) for part in codes)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _whole(values: NDArray[np.float64]) -> Numbers:
    return [None if np.isnan(value) else round(value) for value in values.tolist()]

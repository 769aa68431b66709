"""The pictures on a device's page: what its meter sent, what it was told, and how full its storage was, over 24 hours."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from numpy.typing import NDArray

from energy.models import Device, Meter
from energy.models.meters import MeterKind
from energy.web.device_sections import add_section
from grid.selectors.device_course import DeviceCourse, device_course

Array = NDArray[np.float64]


@add_section
def course_section(device: Device, now: datetime) -> str:
    """Power and set-point, and the state of charge of a storage; nothing for a device without a meter."""
    meter = device.meter
    if meter is None:
        return ""
    course = device_course(meter, now)
    context = {"course": course, "meter": meter}
    if course.has_any:
        is_storage = meter.kind == MeterKind.STORAGE
        context |= {
            "power": _power_picture(course, meter),
            "summary": _summary(course, meter),
            "told": _told_words(course, meter),
            "columns": _columns(meter),
            "rows": _rows(course, meter),
            "is_storage": is_storage,
            "has_estimates": bool((~course.is_sure & ~np.isnan(course.power_w)).any()),
            "has_told": not np.isnan(course.told_w).all(),
            "colour": COLOURS.get(MeterKind(meter.kind), "use"),
        }
        if is_storage and not np.isnan(course.soc).all():
            context["charge"] = _charge_picture(course)
    return render_to_string("devices/course.html", context)


COLOURS = {MeterKind.SITE: "use", MeterKind.SOURCE: "solar", MeterKind.STORAGE: "storage"}


def _values(values: Array, digits: int = 0) -> list[float | None]:
    return [None if np.isnan(value) else round(float(value), digits) for value in values]


def _labels(course: DeviceCourse) -> list[str]:
    return [f"{start:%H:%M}" for start in course.starts]


def _ways(meter: Meter) -> tuple[str, str]:
    """What lies above and below zero."""
    if meter.kind == MeterKind.STORAGE:
        return _("given"), _("taken")
    if meter.kind == MeterKind.GRID:
        return _("up"), _("down")
    return _("fed in"), _("drawn")


def _power_picture(course: DeviceCourse, meter: Meter) -> dict[str, Any]:
    colour = COLOURS.get(MeterKind(meter.kind), "use")
    above, below = _ways(meter)
    sure, guessed = course.power_w.copy(), course.power_w.copy()
    sure[~course.is_sure], guessed[course.is_sure] = np.nan, np.nan
    series: list[dict[str, Any]] = [{"name": _("measured"), "values": _values(sure), "colour": colour, "fill": colour}]
    if not np.isnan(guessed).all():
        series.append({"name": _("estimated"), "values": _values(guessed), "colour": colour, "style": "dotted"})
    if not np.isnan(course.told_w).all():
        name = _("set-point") if meter.storage_id else _("allowed at most")
        series.append({"name": name, "values": _values(course.told_w), "colour": "ink", "style": "dashed"})
    found: dict[str, Any] = {"unit": "W", "labels": _labels(course), "series": series}
    if meter.kind != MeterKind.SOURCE:
        found |= {"above": above, "below": below}
    return found


def _charge_picture(course: DeviceCourse) -> dict[str, Any]:
    return {
        "unit": "%",
        "labels": _labels(course),
        "series": [{"name": _("state of charge"), "values": _values(100 * course.soc, 1), "colour": "storage"}],
    }


def _kilowatts(power_w: float) -> str:
    return number_format(abs(power_w) / 1000, 2)


def _kwh(course: DeviceCourse, meter: Meter, sign: float) -> str:
    hours = meter.microgrid.interval_minutes / 60
    moved_w = np.maximum(sign * np.nan_to_num(course.power_w), 0)
    return number_format(float(moved_w.sum()) * hours / 1000, 1)


def _summary(course: DeviceCourse, meter: Meter) -> str:
    """The picture in words: sums, the highest, what is missing."""
    above, below = _ways(meter)
    if meter.kind == MeterKind.SOURCE:
        said = _("%(kwh)s kWh produced.") % {"kwh": _kwh(course, meter, 1)}
    else:
        said = _("%(given)s kWh %(above)s, %(taken)s kWh %(below)s.") % {
            "given": _kwh(course, meter, 1),
            "above": above,
            "taken": _kwh(course, meter, -1),
            "below": below,
        }
    known = ~np.isnan(course.power_w)
    if known.any():
        place = int(np.nanargmax(np.abs(course.power_w)))
        said += " " + _("Most at %(time)s: %(kw)s kW.") % {"time": f"{course.starts[place]:%H:%M}", "kw": _kilowatts(course.power_w[place])}
    missing = int((~known).sum())
    if missing:
        said += " " + ngettext(
            "%(missing)d of %(count)d intervals is missing.", "%(missing)d of %(count)d intervals are missing.", missing
        ) % {"missing": missing, "count": len(known)}
    return said


def _told_words(course: DeviceCourse, meter: Meter) -> str:
    """How what was done compares with what was told, and how it was answered."""
    if meter.kind not in (MeterKind.STORAGE, MeterKind.SOURCE):
        return ""
    if not course.orders:
        return _("It was told nothing in these hours.")
    said = ngettext("It was told %(count)d time", "It was told %(count)d times", course.orders) % {"count": course.orders}
    if course.unanswered:
        said += ", " + ngettext(
            "%(count)d of them was never acknowledged", "%(count)d of them were never acknowledged", course.unanswered
        ) % {"count": course.unanswered}
    both = ~np.isnan(course.power_w) & ~np.isnan(course.told_w)
    if both.any():
        off_w = course.power_w[both] - course.told_w[both]
        if meter.storage_id:
            said += "; " + _("what it did lay %(kw)s kW from that on average") % {"kw": _kilowatts(float(np.abs(off_w).mean()))}
        else:
            said += "; " + _("it went beyond the limit by %(kw)s kW at most") % {"kw": _kilowatts(max(float(off_w.max()), 0))}
    return said + "."


def _columns(meter: Meter) -> list[str]:
    above, below = _ways(meter)
    if meter.kind == MeterKind.SOURCE:
        return [_("From"), _("produced, kW"), _("allowed at most, kW"), _("How known")]
    names = [_("From"), f"{above}, kW", f"{below}, kW"]
    if meter.kind == MeterKind.STORAGE:
        names += [_("set-point, kW"), _("state of charge")]
    return [*names, _("How known")]


def _rows(course: DeviceCourse, meter: Meter) -> list[Sequence[str]]:
    return [_row(course, meter, place) for place in range(len(course.starts))]


def _row(course: DeviceCourse, meter: Meter, place: int) -> Sequence[str]:
    power, told, soc = (float(column[place]) for column in (course.power_w, course.told_w, course.soc))
    known = _("missing") if np.isnan(power) else _("measured") if course.is_sure[place] else _("estimated")
    above, below = _ways(meter)

    def one_way(value: float) -> str:
        return "–" if np.isnan(value) else _kilowatts(max(value, 0.0))

    begin = f"{course.starts[place]:%H:%M}"
    if meter.kind == MeterKind.SOURCE:
        return (begin, one_way(power), one_way(told), known)
    cells = [begin, one_way(power), one_way(-power)]
    if meter.kind == MeterKind.STORAGE:
        set_point = "–" if np.isnan(told) else f"{_kilowatts(told)} {above if told > 0 else below if told < 0 else ''}".strip()
        cells += [set_point, "–" if np.isnan(soc) else f"{100 * soc:.0f} %"]
    return (*cells, known)

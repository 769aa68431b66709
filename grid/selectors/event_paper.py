"""What stands in the report on an event, ready to be set in type."""

from datetime import datetime, timedelta
from typing import Any

from grid.adapters.event_report.curves import curve_svg
from grid.selectors.events import Curve, EmergencyTold, EventReport


def report_content(report: EventReport, *, remarks: str, by: str, made_at: datetime) -> dict[str, Any]:
    """Everything the template shows, as text; `made_at` is the microgrid's instant that stands in it."""
    zone, commands = report.microgrid.zone, report.commands

    def local(at: datetime, form: str = "%d %b %Y, %H:%M:%S") -> str:
        return at.astimezone(zone).strftime(form).lstrip("0")

    minutes = sum(one.customer_minutes for one in report.affected)
    return {
        "title": "Report on an event", "microgrid": report.microgrid.name, "cooperative": report.microgrid.cooperative.name,
        "period": f"{local(report.start_at)} to {local(report.end_at)}", "zone": report.microgrid.time_zone,
        "made": local(made_at, "%d %b %Y, %H:%M"), "by": by,
        "lead": lead_of(report),
        "head": [
            ["States", ", ".join(status.lower() for status in report.statuses) or "no tick is kept"],
            ["Sites without supply", f"{report.sites_interrupted} of {report.sites_total}"],
            ["Customer minutes", f"{minutes:,.0f}"],
            ["Commands", f"{commands.issued} to {commands.storages} storages, {commands.acknowledged} acknowledged, {commands.expired} ran out"],
        ],
        "emergencies": [
            [f"{'Drill' if one.is_drill else 'Emergency'}: {one.cause}",
             f"{local(one.began_at, '%d %b %H:%M:%S')} to {local(one.ended_at, '%d %b %H:%M:%S') if one.ended_at else 'now'}; "
             + _called(one)]
            for one in report.emergencies
        ],
        "course": [[local(one.at, "%d %b %H:%M:%S"), one.what, one.detail, one.by] for one in report.course],
        "left_out": report.left_out,
        "affected": [
            [one.cause.capitalize(), one.note, local(one.start_at, "%d %b %H:%M"), local(one.end_at, "%d %b %H:%M") if one.end_at else "goes on",
             str(one.sites), f"{one.customer_minutes:,.0f}"]
            for one in report.affected
        ],
        "reasons": [[sentence, str(count)] for sentence, count in report.reasons],
        "curves": [_drawn(curve, report) for curve in report.curves] if report.instants else [],
        "from": local(report.start_at, "%d %b %H:%M"), "to": local(report.end_at, "%d %b %H:%M"),
        "follow_ups": list(report.follow_ups), "remarks": remarks,
    }  # fmt: skip


def lead_of(report: EventReport) -> str:
    """What a reader must know before anything else, in a few sentences."""
    real = [one for one in report.emergencies if not one.is_drill]
    said = [
        f"An emergency {_lasted(one.began_at, one.ended_at)}: {one.cause.rstrip('.')}." for one in real
    ] or [f"A drill {_lasted(one.began_at, one.ended_at)}: {one.cause.rstrip('.')}. Nothing was switched." for one in report.emergencies]  # fmt: skip
    if not said:
        said = ["No emergency was open in this period."]
    minutes = sum(one.customer_minutes for one in report.affected)
    if report.sites_interrupted:
        sites = "site" if report.sites_interrupted == 1 else "sites"
        said.append(f"{report.sites_interrupted} {sites} of {report.sites_total} were without supply for some time, {minutes:,.0f} customer minutes in all.")  # fmt: skip
    else:
        said.append("Nobody was without supply.")
    answers = [one.answered_after for one in real if one.answered_after is not None]
    if real and not answers:
        said.append("Nobody who was called answered.")
    elif answers:
        said.append(f"Somebody answered {_long(max(answers))} after the call.")
    return " ".join(said)


def _lasted(began_at: datetime, ended_at: datetime | None) -> str:
    return "that is still open" if ended_at is None else f"of {_long(ended_at - began_at)}"


def _long(length: timedelta) -> str:
    seconds = max(round(length.total_seconds()), 0)
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _called(one: EmergencyTold) -> str:
    if not one.called:
        return "nobody was called"
    answered = ", ".join(one.answered) or "nobody"
    after = f" after {_long(one.answered_after)}" if one.answered_after is not None else ""
    return f"called: {', '.join(one.called)}; answered: {answered}{after}"


def _drawn(curve: Curve, report: EventReport) -> dict[str, str]:
    span = (report.end_at - report.start_at).total_seconds()
    places = [(at - report.start_at).total_seconds() / span for at in report.instants]
    troubled = [
        (max((one.began_at - report.start_at).total_seconds() / span, 0.0), min(((one.ended_at or report.end_at) - report.start_at).total_seconds() / span, 1.0))
        for one in report.emergencies if not one.is_drill
    ]  # fmt: skip
    return {"name": curve.name, "svg": curve_svg(curve.values, places, curve.colour, curve.unit, troubled)}

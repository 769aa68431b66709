"""What stands in the report on an event, ready to be set in type."""

from datetime import datetime
from typing import Any

from grid.adapters.event_report.curves import curve_svg
from grid.selectors.events import Curve, EventReport


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
        "head": [
            ["States", ", ".join(status.lower() for status in report.statuses) or "no tick is kept"],
            ["Sites without supply", f"{report.sites_interrupted} of {report.sites_total}"],
            ["Customer minutes", f"{minutes:,.0f}"],
            ["Commands", f"{commands.issued} to {commands.storages} storages, {commands.acknowledged} acknowledged, {commands.expired} ran out"],
        ],
        "emergencies": [
            [f"{'Drill' if one.is_drill else 'Emergency'}: {one.cause}",
             f"{local(one.began_at, '%d %b %H:%M:%S')} to {local(one.ended_at, '%d %b %H:%M:%S') if one.ended_at else 'now'}; "
             + (f"called: {', '.join(one.called)}; answered: {', '.join(one.answered) or 'nobody'}" if one.called else "nobody was called")]
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


def _drawn(curve: Curve, report: EventReport) -> dict[str, str]:
    span = (report.end_at - report.start_at).total_seconds()
    places = [(at - report.start_at).total_seconds() / span for at in report.instants]
    return {"name": curve.name, "svg": curve_svg(curve.values, places, curve.colour, curve.unit)}

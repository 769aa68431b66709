"""What stands in the report on an event, ready to be set in type."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from grid.adapters.event_report.curves import curve_svg
from grid.domain.spoken.book import in_language
from grid.selectors.events import Curve, EmergencyTold, EventReport


def report_content(report: EventReport, *, remarks: str, by: str, made_at: datetime) -> dict[str, Any]:
    """Everything the template shows, as text; `made_at` is the microgrid's instant that stands in it."""
    zone, commands = report.microgrid.zone, report.commands

    def local(at: datetime, form: str = "j M Y, H:i:s") -> str:
        return date_format(at.astimezone(zone), form.replace("j", "j.") if _language().startswith("de") else form)

    minutes = sum(one.customer_minutes for one in report.affected)
    return {
        "title": _("Report on an event"),
        "microgrid": report.microgrid.name,
        "cooperative": report.microgrid.cooperative.name,
        "lang": _language()[:2],
        "period": _("%(start)s to %(end)s") % {"start": local(report.start_at), "end": local(report.end_at)},
        "foot": _("made %(made)s by %(by)s · times of %(zone)s")
        % {"made": local(made_at, "j M Y, H:i"), "by": by, "zone": report.microgrid.time_zone},
        "words": _headings(),
        "lead": lead_of(report),
        "head": [
            [_("States"), ", ".join(_said(status.lower()) for status in report.statuses) or _("no tick is kept")],
            [_("Sites without supply"), _("%(lost)s of %(all)s") % {"lost": report.sites_interrupted, "all": report.sites_total}],
            [_("Customer minutes"), _whole(minutes)],
            [
                _("Commands"),
                _("%(issued)s to %(storages)s storages, %(acknowledged)s acknowledged, %(expired)s ran out")
                % {
                    "issued": commands.issued,
                    "storages": commands.storages,
                    "acknowledged": commands.acknowledged,
                    "expired": commands.expired,
                },
            ],
        ],
        "emergencies": [
            [
                _said(f"{'Drill' if one.is_drill else 'Emergency'}: {one.cause}"),
                _("%(start)s to %(end)s")
                % {"start": local(one.began_at, "j M H:i:s"), "end": local(one.ended_at, "j M H:i:s") if one.ended_at else _("now")}
                + "; "
                + _called(one),
            ]
            for one in report.emergencies
        ],
        "course": [[local(one.at, "j M H:i:s"), _said(one.what), _said(one.detail), one.by] for one in report.course],
        "left_out": _("%(count)s further lines are left out.") % {"count": report.left_out} if report.left_out else "",
        "affected": [
            [
                _capital(_said(one.cause)),
                one.note,
                local(one.start_at, "j M H:i"),
                local(one.end_at, "j M H:i") if one.end_at else _("goes on"),
                str(one.sites),
                _whole(one.customer_minutes),
            ]
            for one in report.affected
        ],
        "reasons": [[_said(sentence), _("%(count)s ticks") % {"count": count}] for sentence, count in report.reasons],
        "curves": [_drawn(curve, report) for curve in report.curves] if report.instants else [],
        "from": local(report.start_at, "j M H:i"),
        "to": local(report.end_at, "j M H:i"),
        "follow_ups": [_said(line) for line in report.follow_ups],
        "remarks": remarks,
    }


def _language() -> str:
    return get_language() or "en"


def _said(sentence: str) -> str:
    return in_language(sentence, _language())


def _whole(value: float) -> str:
    return number_format(round(value), 0, force_grouping=True)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _headings() -> dict[str, str]:
    """What stands above the report's parts, and in those that are empty."""
    return {
        "was": _("What it was"),
        "says": _("What the operator says"),
        "affected": _("Who was affected"),
        "nobody": _("No interruption of supply is recorded in this period."),
        "cause": _("Cause"),
        "from": _("From"),
        "to": _("To"),
        "sites": _("Sites"),
        "minutes": _("Customer minutes"),
        "left": _("What is left to do"),
        "nothing": _("Nothing is open."),
        "why": _("What the control did and why"),
        "no_reason": _("No reason is kept of this period."),
        "ticks": _("How many ticks said so, like sentences together; figures are those of the first."),
        "measured": _("What was measured"),
        "shaded": _("Shaded: an emergency was open."),
        "when": _("What happened when"),
        "no_course": _("Nothing is written down."),
        "by": _("by"),
    }


def lead_of(report: EventReport) -> str:
    """What a reader must know before anything else, in a few sentences."""
    real = [one for one in report.emergencies if not one.is_drill]
    said = [_emergency_words(one) for one in real] or [_drill_words(one) for one in report.emergencies]
    if not said:
        said = [_("No emergency was open in this period.")]
    minutes = _whole(sum(one.customer_minutes for one in report.affected))
    if report.sites_interrupted:
        words = ngettext(
            "%(count)d site of %(all)d was without supply for some time, %(minutes)s customer minutes in all.",
            "%(count)d sites of %(all)d were without supply for some time, %(minutes)s customer minutes in all.",
            report.sites_interrupted,
        )
        said.append(words % {"count": report.sites_interrupted, "all": report.sites_total, "minutes": minutes})
    else:
        said.append(_("Nobody was without supply."))
    answers = [one.answered_after for one in real if one.answered_after is not None]
    if real and not answers:
        said.append(_("Nobody who was called answered."))
    elif answers:
        said.append(_("Somebody answered %(after)s after the call.") % {"after": _long(max(answers))})
    return " ".join(said)


def _emergency_words(one: EmergencyTold) -> str:
    cause = _said(one.cause).rstrip(".")
    if one.ended_at is None:
        return _("An emergency that is still open: %(cause)s.") % {"cause": cause}
    return _("An emergency of %(length)s: %(cause)s.") % {"length": _long(one.ended_at - one.began_at), "cause": cause}


def _drill_words(one: EmergencyTold) -> str:
    cause = _said(one.cause).rstrip(".")
    if one.ended_at is None:
        return _("A drill that is still open: %(cause)s. Nothing was switched.") % {"cause": cause}
    length = _long(one.ended_at - one.began_at)
    return _("A drill of %(length)s: %(cause)s. Nothing was switched.") % {"length": length, "cause": cause}


def _long(length: timedelta) -> str:
    seconds = max(round(length.total_seconds()), 0)
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{number_format(seconds / 3600, 1)} h"


def _called(one: EmergencyTold) -> str:
    if not one.called:
        return _("nobody was called")
    words = _("called: %(called)s; answered: %(answered)s") % {
        "called": ", ".join(one.called),
        "answered": ", ".join(one.answered) or _("nobody"),
    }
    if one.answered_after is None:
        return words
    return words + " " + _("after %(length)s") % {"length": _long(one.answered_after)}


def _drawn(curve: Curve, report: EventReport) -> dict[str, str]:
    span = (report.end_at - report.start_at).total_seconds()
    places = [(at - report.start_at).total_seconds() / span for at in report.instants]
    troubled = [
        (
            max((one.began_at - report.start_at).total_seconds() / span, 0.0),
            min(((one.ended_at or report.end_at) - report.start_at).total_seconds() / span, 1.0),
        )
        for one in report.emergencies
        if not one.is_drill
    ]
    return {"name": _said(curve.name), "svg": curve_svg(curve.values, places, curve.colour, curve.unit, troubled)}

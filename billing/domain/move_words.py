"""What is written to those who hand a site over and to those who take it over."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MoveWords:
    """One language; `site` and `day` are filled in."""

    subject: str
    moved_in: str
    moved_out: str


MOVE_WORDS = {
    "en": MoveWords(
        "{site}: moved on {day}",
        "From {day} on {site} is yours. Your first bill is for the days from then on; what was before you do not see.",
        "Until the day before {day} {site} was yours. Your final bill is for the days until then, and you keep them to look at. "
        "What you have paid ahead, and what is still open, stays yours.",
    ),
    "de": MoveWords(
        "{site}: Umzug am {day}",
        "Ab dem {day} gehört {site} zu Ihnen. Ihre erste Rechnung gilt für die Tage von da an; was davor war, sehen Sie nicht.",
        "Bis zum Tag vor dem {day} gehörte {site} zu Ihnen. Ihre Schlussrechnung gilt für die Tage bis dahin, und Sie können sie weiter "
        "ansehen. Was Sie vorausbezahlt haben und was noch offen ist, bleibt bei Ihnen.",
    ),
}

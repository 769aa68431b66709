"""What members read about work that cuts their supply."""

from datetime import UTC, datetime

import pytest

from grid.domain.outage_notices import Notice, Work, write

WORK = Work(
    "Wiesengrund",
    ["Lindenweg 4"],
    datetime(2016, 3, 18, 8, 0, tzinfo=UTC),
    datetime(2016, 3, 18, 10, 30, tzinfo=UTC),
    "New joint at the school.",
)


def test_a_planned_outage_in_both_languages() -> None:
    subject, text = write(Notice.PLANNED, WORK, "en")
    assert subject == "No power on 18 March, 08:00 to 10:30"
    assert text.startswith(
        "We work on the network of Wiesengrund: New joint at the school.\n\nLindenweg 4 has no power from 18 March at 08:00 to 18 March at 10:30."
    )
    subject, text = write(Notice.PLANNED, WORK, "de")
    assert subject == "Kein Strom am 18. März, 08:00 bis 10:30"
    assert "Lindenweg 4 hat von 18. März um 08:00 Uhr bis 18. März um 10:30 Uhr keinen Strom." in text


@pytest.mark.parametrize("notice", list(Notice))
@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_every_notice_is_whole(notice: Notice, language: str) -> None:
    for text in write(notice, WORK, language):
        assert "{" not in text
        assert len(text) > 10


def test_many_sites_are_not_listed_to_the_last() -> None:
    many = Work("W", [f"Site {i}" for i in range(9)], WORK.start, WORK.end, "Work", True)
    _, text = write(Notice.PLANNED, many, "en")
    assert "Site 4 and 4 more" in text
    assert "when those who work there say" in text

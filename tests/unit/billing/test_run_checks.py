"""What stands out among drafts, and what does not."""

from dataclasses import replace

from billing.domain.run_checks import SiteFigures, findings

USUAL = SiteFigures(1, 5000, 300_000, 30, 10_000.0, (10_500.0, 9_800.0), 6000)


def found(**changes: object) -> dict[str, str]:
    """What is found of one site among six, five of them as usual."""
    site = replace(USUAL, site_id=9, **changes)  # type: ignore[arg-type]
    told = findings([*(replace(USUAL, site_id=i) for i in range(5)), site], "EUR")
    assert all(finding.site_id == 9 for finding in told)
    return {finding.kind: finding.told for finding in told}


def test_a_usual_month_has_nothing_to_look_at() -> None:
    assert found() == {}


def test_money_that_cannot_be_right_is_told_with_its_figures() -> None:
    assert found(gross_minor=-1) == {"negative": "The bill comes to -0.01 EUR."}
    assert found(gross_minor=50_001, highest_minor=None) == {
        "very_high": "500.01 EUR; half of all bills are below 50.00 EUR, and there is none to compare with."
    }
    assert found(gross_minor=50_001, highest_minor=16_667) == {}
    assert "166.66" in found(gross_minor=50_001, highest_minor=16_666)["very_high"]
    assert found(gross_minor=50_000, highest_minor=None) == {}


def test_energy_far_from_before_is_told_and_little_energy_is_not() -> None:
    assert set(found(drawn_wh=600_001)) == {"last_year"}
    assert set(found(drawn_wh=800_000)) == {"last_year", "months_before"}
    assert set(found(drawn_wh=100_000)) == {"last_year", "months_before"}
    assert found(drawn_wh=10_000, last_year_wh_per_day=900.0, before_wh_per_day=()) == {}
    assert found(drawn_wh=0, last_year_wh_per_day=None, before_wh_per_day=()) == {"nothing_used": "Nothing was drawn on any day."}


def test_readings_and_people() -> None:
    assert found(intervals=1000, estimated=100) == {}
    assert "10 %" in found(intervals=1000, estimated=101)["estimated"]
    assert found(missing_days=2) == {"no_readings": "2 of 30 days have no readings."}
    assert set(found(is_first=True, has_address=False, has_contact=False)) == {"first_bill", "no_address", "no_contact"}


def test_few_bills_have_no_median_to_be_far_from() -> None:
    assert findings([replace(USUAL, gross_minor=10_000_000, highest_minor=None)], "EUR") == []

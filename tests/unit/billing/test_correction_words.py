"""What a correction says of a line: before, after, why; in both languages."""

from datetime import date
from decimal import Decimal

from billing.domain.corrections import CORRECTION_WORDS, Causes, LineFigures, differences
from billing.domain.sentences import WORDS

DAY = date(2016, 3, 26)
OWN, OTHERS = Causes((DAY,), (DAY,)), Causes((), (DAY, date(2016, 3, 27), date(2016, 3, 30)))


def line(component: str, quantity: int, net: int, price: str = "0.27", unit: str = "Wh", window: str = "") -> LineFigures:
    return LineFigures(component, window, quantity, unit, Decimal(price), net)


OLD = [line("standing", 31, 310, "0.10", "day"), line("local", 2000, 38, "0.19"), line("grid", 1000, 27, window="base")]
NEW = [line("standing", 31, 310, "0.10", "day"), line("local", 1500, 29, "0.19"), line("grid", 1700, 46, window="base")]


def test_only_lines_that_differ_are_told_and_their_amounts_sum_up() -> None:
    found = differences(OLD, NEW)
    assert [(d.line.component, d.net_minor) for d in found] == [("local", -9), ("grid", 19)]
    assert sum(d.net_minor for d in found) == sum(x.net_minor for x in NEW) - sum(x.net_minor for x in OLD)


def test_lines_of_one_name_are_paired_in_order_and_new_or_lost_ones_told() -> None:
    two = [line("grid", 1, 1), line("grid", 2, 2)]
    assert [(d.old, d.new) for d in differences(two, [two[0]])] == [(two[1], None)]
    assert [(d.old, d.new) for d in differences([], two)] == [(None, two[0]), (None, two[1])]


def test_a_sentence_names_old_and_new_energy_price_and_reason() -> None:
    local, grid = differences(OLD, NEW)
    english = CORRECTION_WORDS["en"]
    assert english.line(local, OTHERS, WORDS["en"]) == (
        "Energy from neighbours: 2.000 kWh x 0.190000 = 0.38 became 1.500 kWh x 0.190000 = 0.29, "
        "because your share changed with the corrected readings of others."
    )
    assert english.line(grid, OWN, WORDS["en"]).endswith("because your meter's readings were corrected.")
    german = CORRECTION_WORDS["de"].line(local, OTHERS, WORDS["de"])
    assert german.startswith("Strom von Nachbarn: aus 2,000 kWh x 0,190000 = 0,38 wurden 1,500 kWh")
    assert CORRECTION_WORDS["de"].total(-9, "EUR", WORDS["de"]) == "Zusammen 0,09 EUR weniger."


def test_reasons_tell_own_readings_from_those_of_others() -> None:
    english = CORRECTION_WORDS["en"]
    assert english.why(OWN, WORDS["en"]) == ["Readings of your own meter on 26/03/2016 were corrected after they were billed."]
    [others] = english.why(OTHERS, WORDS["en"])
    assert others.startswith("Readings of others in the village on 26/03/2016 – 27/03/2016, 30/03/2016 were corrected.")
    [period] = english.why(Causes(period_changed=True), WORDS["en"])
    assert "a part of these days" in period


def test_divided_money_and_other_hours_have_reasons_of_their_own() -> None:
    cent = differences([line("local_delivered", 500, 9)], [line("local_delivered", 500, 10)])
    hours = differences([line("grid", 500, 9)], [line("grid", 500, 10)])
    english = CORRECTION_WORDS["en"]
    assert "divided anew" in english.line(cent[0], OTHERS, WORDS["en"])
    assert "other quarter hours" in english.line(hours[0], OTHERS, WORDS["en"])

"""Which movement of the account brings which payout."""

from datetime import date

from billing.domain.cards.provider import PayoutKnown, payout_named

DAY = date(2026, 1, 5)
ONE, TWO = PayoutKnown("po_1A", 500, DAY, "TRC77"), PayoutKnown("po_2B", 500, DAY, "")


def found(words: str = "", payer: str = "", payouts: tuple[PayoutKnown, ...] = (ONE, TWO), amount: int = 500) -> PayoutKnown | None:
    return payout_named(amount_minor=amount, booked_date=DAY, words=words, payer=payer, payouts=list(payouts), provider="stripe")


def test_its_id_or_trace_names_it() -> None:
    assert found("SVWZ+ trc77") == ONE
    assert found("payout PO_2B") == TWO
    assert found("TRC77", amount=501) is None


def test_a_lone_one_of_the_providers_name_and_sum_is_it_two_are_left_to_a_person() -> None:
    assert found(payer="Stripe Technology Europe", payouts=(TWO,)) == TWO
    assert found(payer="Stripe Technology Europe") is None
    assert found(payer="Grandmother", payouts=(TWO,)) is None
    assert found(payer="STRIPE", payouts=(PayoutKnown("po_3", 500, date(2026, 1, 20), ""),)) is None

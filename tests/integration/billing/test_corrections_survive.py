"""Corrections cut off anywhere, run by several hands, and of any readings: one reversal, one new document, one number each, and no cent lost."""

import random

import pytest
from hypothesis import HealthCheck, given, settings, strategies
from hypothesis.extra.django import TestCase

from billing.models import BillingRun, Document, RunStatus
from billing.selectors.corrections import outdated_months
from billing.selectors.run_summary import trial_balance
from billing.services.corrections import NothingToCorrect, correct_month
from billing.services.differences import local_change
from energy.models import Channel
from tests.integration.billing.conftest import CODES, DAYS, MARCH, NOW, WITH_ROOF, Hamlet, make_hamlet, outcome
from tests.integration.billing.late import measure_again, standing
from tests.integration.striking import at_once, is_killed_before

SEED = 20260
KILLS = 4


def correct(hamlet: Hamlet) -> BillingRun | None:
    try:
        return correct_month(microgrid=hamlet.microgrid, month=MARCH, now=NOW)
    except NothingToCorrect:
        return None


def check_whole(hamlet: Hamlet, touched: int) -> None:
    """Each reversal and new document once, numbers without gaps, books that say what stands."""
    runs = BillingRun.objects.filter(microgrid=hamlet.microgrid, kind="correction")
    assert [run.status for run in runs] == [RunStatus.POSTED]
    reversals = Document.objects.filter(cancels__isnull=False)
    assert reversals.count() == Document.objects.filter(run__in=runs, cancels=None).count() == touched
    for kind in ("bill", "credit", "bill_reversal", "credit_reversal"):
        numbers = list(Document.objects.filter(kind=kind).order_by("number").values_list("number", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))
    balance = trial_balance(hamlet.cooperative)
    gross = Document.objects.standing().filter(kind="bill").values_list("gross_minor", flat=True)
    assert balance["receivable"] == sum(gross)
    assert balance["local_clearing"] == balance["rounding"] == sum(balance.values()) == 0


@pytest.mark.django_db(transaction=True)
def test_killed_at_random_a_correction_ends_once(committed_hamlet: Hamlet) -> None:
    hamlet = committed_hamlet
    hamlet.bill()
    measure_again(hamlet, "b 10", DAYS[0], 60)
    chance = random.Random(SEED)
    killed = sum(is_killed_before(chance.randint(2, 60), lambda: correct(hamlet)) for _ in range(KILLS))
    assert killed >= KILLS // 2
    correct(hamlet)
    assert outdated_months(hamlet.microgrid) == []
    check_whole(hamlet, Document.objects.filter(cancels__isnull=False).count())
    expected = outcome(hamlet.cooperative)
    assert correct(hamlet) is None
    assert outcome(hamlet.cooperative) == expected


@pytest.mark.django_db(transaction=True)
def test_several_hands_correct_a_month_once(committed_hamlet: Hamlet) -> None:
    committed_hamlet.bill()
    measure_again(committed_hamlet, "a 2", DAYS[0], -90, channel=Channel.EXPORT)
    runs = [run for run in at_once(3, lambda _: correct(committed_hamlet)) if run]
    assert len({run.pk for run in runs}) == 1
    check_whole(committed_hamlet, Document.objects.filter(cancels__isnull=False).count())


CHANGES = strategies.lists(
    strategies.tuples(strategies.sampled_from(CODES), strategies.sampled_from(DAYS), strategies.integers(-150, 150), strategies.booleans()),
    min_size=1,
    max_size=3,
)


class AnyReadings(TestCase):
    """Whatever is measured again, once or over again."""

    @settings(max_examples=4, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(rounds=strategies.lists(CHANGES, min_size=1, max_size=2))
    def test_differences_of_corrections_sum_to_nothing(self, rounds: list) -> None:
        hamlet = make_hamlet()
        hamlet.bill()
        total = {place: figures[0] for place, figures in standing(hamlet).items()}
        for changes in rounds:
            for code, day, change_wh, exports in changes:
                channel = Channel.EXPORT if exports and code in WITH_ROOF else Channel.IMPORT
                measure_again(hamlet, code, day, change_wh, channel=channel)
            before = total
            run = correct(hamlet)
            total = {place: figures[0] for place, figures in standing(hamlet).items()}
            if run is None:
                assert total == before
                continue
            change = local_change(run)
            assert change.paid_minor == change.received_minor
            moved = {place: total.get(place, 0) - before.get(place, 0) for place in total.keys() | before.keys()}
            reversed_net = {(d.site.code, d.cancels.kind): d.net_minor for d in run.documents.filter(cancels__isnull=False)}
            new_net = {(d.site.code, d.kind): d.net_minor for d in run.documents.filter(cancels=None)}
            assert {place: net for place, net in moved.items() if net} == {
                place: new_net.get(place, 0) - reversed_net.get(place, 0)
                for place in new_net.keys() | reversed_net.keys()
                if new_net.get(place, 0) != reversed_net.get(place, 0)
            }
            balance = trial_balance(hamlet.cooperative)
            assert balance["local_clearing"] == balance["rounding"] == sum(balance.values()) == 0

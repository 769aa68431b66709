"""Giving surplus away before the rule shares the rest: to the Wh, whatever the order of the list."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.domain.market.settlement import Matched
from grid.domain.sharing.day import share_day
from grid.domain.sharing.keys import SHARE_UNITS, CannotShare
from grid.domain.sharing.preferences import Preference, give
from grid.domain.sharing.splitting import ranks_by_code
from grid.domain.sharing.terms import ShareRule, SharingTerms

WHOLE = SHARE_UNITS


def test_the_daughter_first_then_the_school_and_the_rest_by_the_rule():
    """*Derived.* Ana feeds in 500; her daughter draws 300 and is promised half: 250; the school draws 400 and gets what is left: 250."""
    entries = [Preference(0, 1, 1, WHOLE // 2, is_gift=True), Preference(0, 2, 2, WHOLE)]
    drawn, fed_in = np.array([[0, 300, 400, 600]]), np.array([[500, 0, 0, 100]])
    found = share_day(SharingTerms(ShareRule.DYNAMIC), entries, None, drawn, fed_in, ranks_by_code("ABCD"))
    assert found.given.wh.tolist() == [[250, 250]]
    # what is left: draws 50, 150, 600, and 100 of D's roof by the dynamic key
    assert found.shared.received.parts_wh.tolist() == [[0, 250 + 6, 250 + 19, 75]]
    assert found.shared.delivered.parts_wh.tolist() == [[500, 0, 0, 100]]
    assert found.given.received(4, gifts_only=True).tolist() == [[0, 250, 0, 0]]


def test_who_is_given_more_than_it_draws_takes_from_its_givers_in_proportion():
    entries = [Preference(0, 2, 1, WHOLE), Preference(1, 2, 1, WHOLE)]
    found = give(entries, np.array([[0, 0, 100]]), np.array([[300, 100, 0]]), ranks_by_code("ABC"))
    assert found.wh.tolist() == [[75, 25]]


def test_lists_that_contradict_themselves_are_refused():
    drawn = np.array([[1, 1]])
    with pytest.raises(CannotShare, match="itself"):
        give([Preference(0, 0, 1, WHOLE)], drawn, drawn, ranks_by_code("AB"))
    with pytest.raises(CannotShare, match="one receiver at each place"):
        give([Preference(0, 1, 1, WHOLE), Preference(0, 1, 1, 5)], drawn, drawn, ranks_by_code("AB"))


@st.composite
def lists(draw):
    n, t = draw(st.integers(2, 5)), draw(st.integers(1, 3))
    entries = []
    for giver in range(n):
        others = [site for site in range(n) if site != giver]
        chosen = draw(st.lists(st.sampled_from(others), unique=True, max_size=3))
        entries += [
            Preference(giver, receiver, place, draw(st.sampled_from([1, WHOLE // 3, WHOLE // 2, WHOLE])), draw(st.booleans()))
            for place, receiver in enumerate(chosen, start=1)
        ]
    wh = st.integers(0, 50)
    drawn, fed_in, bid = (np.array([[draw(wh) for _ in range(n)] for _ in range(t)], dtype=np.int64) for _ in range(3))
    return n, entries, drawn, fed_in, bid


@given(lists(), st.sampled_from([ShareRule.DYNAMIC, ShareRule.STATIC, ShareRule.HYBRID, ShareRule.HIERARCHICAL, ShareRule.MARKET]))
@settings(max_examples=80)
def test_what_is_given_is_conserved_to_the_wh_under_every_rule(case, rule):
    n, entries, drawn, fed_in, bid = case
    ranks = np.arange(n)
    keys = np.full(n, SHARE_UNITS // n) + (np.arange(n) < SHARE_UNITS % n)
    terms = SharingTerms(rule, shares=keys, feeders=np.arange(n) % 2)
    matched = Matched(bid, np.roll(bid, 1, axis=1)) if rule == ShareRule.MARKET else None
    found = share_day(terms, entries, matched, drawn, fed_in, ranks)
    shared = found.shared
    received, delivered = shared.received.parts_wh, shared.delivered.parts_wh
    assert (received.sum(axis=1) == delivered.sum(axis=1)).all()
    assert (received.sum(axis=1) == shared.shared_wh).all()
    assert (received <= drawn).all()
    assert (delivered <= fed_in).all()
    if found.given is not None:
        given_away, got = found.given.delivered(n), found.given.received(n)
        assert (given_away <= delivered).all()
        assert (got <= received).all()
        for k, entry in enumerate(entries):
            assert (found.given.wh[:, k] <= fed_in[:, entry.giver] * entry.share // SHARE_UNITS).all()
            if entry.place == 1 and sum(e.receiver == entry.receiver for e in entries) == 1:
                wanted = np.minimum(fed_in[:, entry.giver] * entry.share // SHARE_UNITS, drawn[:, entry.receiver])
                assert (found.given.wh[:, k] == wanted).all()


@given(lists(), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_order_of_the_entries_does_not_matter(case, chance):
    n, entries, drawn, fed_in, _ = case
    shuffled = chance.sample(entries, len(entries))
    one = dict(zip(entries, give(entries, drawn, fed_in, np.arange(n)).wh.T.tolist(), strict=True))
    other = dict(zip(shuffled, give(shuffled, drawn, fed_in, np.arange(n)).wh.T.tolist(), strict=True))
    assert one == other

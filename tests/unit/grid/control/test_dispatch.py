"""The control rule: limits are kept, nobody charges and discharges at once, headroom decides the parts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.control.dispatch import Situation, StorageLimits, after_rest, dispatch, next_soc, status_of

storages = st.lists(
    st.tuples(
        st.floats(0, 1),  # state of charge as a share
        st.floats(100, 20_000),  # capacity [Wh]
        st.floats(0, 10_000),  # power [W]
        st.floats(0.5, 1),  # efficiency
    ),
    min_size=1,
    max_size=6,
)


def limits_of(rows) -> tuple[np.ndarray, StorageLimits]:
    share, capacity, power, eta = (np.array(column) for column in zip(*rows, strict=True))
    return share * capacity, StorageLimits(0.05 * capacity, capacity, power, power, eta, eta, np.full(len(rows), 0.999))


@given(storages, st.floats(-50_000, 50_000), st.sampled_from([1 / 60, 0.25, 1.0]))
def test_limits_are_kept_and_the_balance_holds(rows, net_w, hours):
    soc, limits = limits_of(rows)
    rested = after_rest(soc, limits, hours)
    chosen = dispatch(net_w, rested, limits, hours)
    assert not ((chosen.charge_w > 0) & (chosen.discharge_w > 0)).any()
    assert (chosen.charge_w <= limits.charge_max_w * (1 + 1e-12)).all()
    assert (chosen.discharge_w <= limits.discharge_max_w * (1 + 1e-12)).all()
    after = next_soc(soc, chosen.charge_w, chosen.discharge_w, limits, hours)
    assert (after <= limits.soc_max_wh + 1e-6).all()
    assert (after >= np.minimum(rested, limits.soc_min_wh) - 1e-6).all()
    left = net_w - chosen.charge_w.sum() + chosen.discharge_w.sum() + chosen.import_w - chosen.export_w
    assert left == pytest.approx(0, abs=1e-6)
    assert not (chosen.import_w and chosen.export_w)


def test_parts_are_in_proportion_to_headroom():
    limits = StorageLimits(
        np.zeros(2), np.array([8000.0, 8000.0]), np.array([3000.0, 1000.0]), np.array([3000.0, 1000.0]), np.ones(2), np.ones(2), np.ones(2)
    )
    chosen = dispatch(2000.0, np.array([4000.0, 4000.0]), limits, 0.25)
    assert chosen.charge_w.tolist() == [1500.0, 500.0]
    nearly_full = dispatch(2000.0, np.array([4000.0, 7900.0]), limits, 0.25)
    assert nearly_full.charge_w == pytest.approx([2000 * 3000 / 3400, 2000 * 400 / 3400])


def test_state_of_charge_follows_the_formula():
    limits = StorageLimits(
        np.zeros(1),
        np.array([10_000.0]),
        np.array([5000.0]),
        np.array([5000.0]),
        np.array([0.95]),
        np.array([0.9]),
        np.array([(1 - 0.0013) ** (1 / 24)]),
    )
    after = next_soc(np.array([4000.0]), np.array([1000.0]), np.array([0.0]), limits, 24 / 24)
    assert after[0] == pytest.approx(4000 * (1 - 0.0013) ** (1 / 24) + 950)
    after = next_soc(np.array([4000.0]), np.array([0.0]), np.array([900.0]), limits, 0.5)
    assert after[0] == pytest.approx(4000 * (1 - 0.0013) ** (1 / 48) - 500)


def situation(**changes) -> Situation:
    fields = {
        "import_w": 0.0,
        "export_w": 0.0,
        "charge_w": 0.0,
        "discharge_w": 0.0,
        "import_limit_w": 100_000,
        "export_limit_w": 100_000,
        "sites_reporting": 9,
        "sites_total": 9,
    }
    return Situation(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "status", "word"),
    [
        ({}, "NORMAL", "in balance"),
        ({"import_w": 5000.0}, "DEFICIT", "5.0 kW more than roofs"),
        ({"export_w": 7000.0}, "SURPLUS", "7.0 kW more than homes"),
        ({"import_w": 81_000.0}, "PEAK", "81%"),
        ({"export_w": 90_000.0}, "PEAK", "Export of 90.0 kW"),
        ({"import_w": 81_000.0, "import_limit_w": None}, "DEFICIT", "81.0 kW"),
    ],
)
def test_status_and_its_reason(changes, status, word):
    named, reasons = status_of(situation(**changes))
    assert named == status
    assert word in " ".join(reasons)


def test_silent_sites_are_named():
    _, reasons = status_of(situation(sites_reporting=7))
    assert reasons[0] == "2 of 9 sites are silent."

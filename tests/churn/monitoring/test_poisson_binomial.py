"""The Poisson-binomial distribution: the binomial where all are equal, else by definition."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from telcrm.churn.monitoring.poisson_binomial import CELLS, Crowd, mass

shares = st.lists(st.floats(0, 1), min_size=1, max_size=8)


@given(shares)
@settings(max_examples=60)
def test_mass_is_the_sum_over_all_outcomes(probabilities: list[float]) -> None:
    p = np.array(probabilities)
    expected = np.zeros(p.size + 1)
    for outcome in product((0, 1), repeat=p.size):
        left = np.array(outcome)
        expected[left.sum()] += np.where(left == 1, p, 1 - p).prod()
    assert mass(p) == pytest.approx(expected, abs=1e-14)


def test_equal_customers_are_binomial() -> None:
    assert mass(np.full(1_000, 0.07)) == pytest.approx(
        binom.pmf(np.arange(1_001), 1_000, 0.07), abs=1e-14
    )


def test_many_are_counted_by_cells_of_which_the_sum_is_kept() -> None:
    p = np.random.default_rng(2).beta(1, 9, 20_000)
    p[:3] = 0.0, 1.0, 1.0
    crowd = Crowd.of(p)
    assert len(crowd.probabilities) <= CELLS + 1
    assert crowd.customers.sum() == p.size
    assert crowd.customers @ crowd.probabilities == pytest.approx(p.sum(), rel=1e-12)
    assert crowd.probabilities[-1] == 1.0


@given(shares, st.data())
@settings(max_examples=40)
def test_the_interval_holds_what_is_observed_and_grows_with_confidence(
    probabilities: list[float], data: st.DataObject
) -> None:
    p = np.array(probabilities)
    observed = data.draw(st.integers(int((p == 1).sum()), int((p > 0).sum())))
    narrow, wide = (Crowd.of(p).interval(observed, level) for level in (0.5, 0.99))
    assert narrow.exact
    assert wide.lower <= narrow.lower + 1e-9 <= observed + 1e-6
    assert wide.upper >= narrow.upper - 1e-9 >= observed - 1e-6
    assert 0.0 <= narrow.p_value <= 1.0


def test_the_normal_interval_is_near_the_exact_one() -> None:
    p = np.random.default_rng(4).beta(1, 6, 5_000)
    exact = Crowd.of(p).interval(760, 0.95)
    more = np.append(p, np.zeros(1))
    normal = Crowd.of(more).interval(760, 0.95)
    assert (exact.exact, normal.exact) == (True, False)
    assert normal.lower == pytest.approx(exact.lower, abs=1.0)
    assert normal.upper == pytest.approx(exact.upper, abs=1.0)
    assert normal.p_value == pytest.approx(exact.p_value, abs=0.03)

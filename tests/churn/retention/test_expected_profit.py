from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from telcrm.churn.retention.expected_profit import contact_outcome

shares = st.floats(0.0, 1.0)
amounts = st.floats(0.0, 1000.0)


@given(p=shares, value=amounts, d=amounts, f=amounts, g=shares)
def test_profit_is_the_published_formula(
    p: float, value: float, d: float, f: float, g: float
) -> None:
    # Verbraken, Verbeke, Baesens (2013), one customer of equation 5: everybody takes the incentive.
    found = contact_outcome(np.array([p]), np.array([value]), cost=d, contact_cost=f, acceptance=g)
    published = p * (g * (value - d) - f) - (1 - p) * (d + f)
    assert_allclose(found.profit, [published], atol=1e-9)


def test_contact_pays_above_the_published_threshold() -> None:
    threshold = (10 + 1) / (0.3 * (200 - 10) + 10)
    assert threshold == pytest.approx(0.1641791, abs=1e-7)
    found = contact_outcome(
        np.array([threshold - 1e-6, threshold, threshold + 1e-6]),
        np.full(3, 200.0),
        cost=10,
        contact_cost=1,
        acceptance=0.3,
    )
    assert found.profit[0] < 0 < found.profit[2]
    assert found.profit[1] == pytest.approx(0.0, abs=1e-12)


@given(p=shares, g=shares, s=shares, u=st.floats(-1.0, 1.0), part=shares)
def test_uplift_takes_the_place_of_accepted_risk(
    p: float, g: float, s: float, u: float, part: float
) -> None:
    one, value = np.array([p]), np.array([100.0])
    ask = partial(
        contact_outcome,
        cost=5.0,
        contact_cost=1.0,
        acceptance=g,
        stayer_acceptance=s,
        saved_share=part,
    )
    by_risk = ask(one, value)
    assert_allclose(ask(one, value, uplift=by_risk.saved).profit, by_risk.profit)
    measured = ask(one, value, uplift=np.array([u]))
    assert_allclose(measured.cost, by_risk.cost)
    assert_allclose(measured.profit, u * part * 100.0 - by_risk.cost)


def test_incentive_is_paid_to_those_who_would_have_stayed() -> None:
    found = contact_outcome(
        np.array([0.0, 0.0]),
        np.array([50.0, 50.0]),
        cost=8.0,
        contact_cost=0.5,
        acceptance=1.0,
        stayer_acceptance=np.array([1.0, 0.25]),
    )
    assert_allclose(found.cost, [8.5, 2.5])
    assert_allclose(found.saved, 0.0)

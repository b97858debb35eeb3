"""MPC and EMPC: frozen figures of other programs, integrals by brute force, and laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta as beta_distribution
from tests.churn.evaluation.cases import (
    A8,
    B20,
    C2000,
    CONSTANT,
    PERFECT,
    REVERSED,
    TIES,
    Case,
    Floats,
    scored,
    shuffled,
)

from telcrm.churn.evaluation.campaign import campaign_profit
from telcrm.churn.evaluation.profit import (
    expected_maximum_profit,
    maximum_profit,
    profit_threshold,
)
from telcrm.errors import ParameterError, ScoreError, SingleClassError

_OTHER = {"clv": 100, "incentive": 20, "contact": 5}

# EMPC, its share, MPC at 0.3, its share: empulse 0.13.1 and EMP-Py agree on these to ten digits,
# except on constant and tied scores, at which EMP-Py fails.
_PUBLISHED = [
    (A8, {}, 23.8755934183, 0.8743700763, 23.875, 0.875),
    (A8, _OTHER, 2.8142779404, 0.2926317249, 2.375, 0.125),
    (B20, {}, 11.4681009021, 0.7103125982, 11.3, 0.8),
    (B20, _OTHER, 1.6815667882, 0.1668220921, 1.6, 0.2),
    (C2000, {}, 3.6965300055, 0.3043087898, 3.52, 0.2495),
    (C2000, _OTHER, 0.2077371529, 0.0266241341, 0.1555, 0.0105),
    (PERFECT, {}, 22.4, 0.4, 22.4, 0.4),
    (CONSTANT, {}, 15.8066404537, None, 15.8, 1.0),
    (REVERSED, {}, 15.8066404537, 0.9942406411, 15.8, 1.0),
    (TIES, {}, 22.5007912245, None, 22.5, None),
]


@pytest.mark.parametrize(("case", "terms", "empc", "empc_share", "mpc", "mpc_share"), _PUBLISHED)
def test_published_profits(
    case: Case,
    terms: dict[str, float],
    empc: float,
    empc_share: float | None,
    mpc: float,
    mpc_share: float | None,
) -> None:
    expected = expected_maximum_profit(*case, **terms)
    best = maximum_profit(*case, **terms)
    assert expected.profit == pytest.approx(empc, abs=1e-9)
    assert best.profit == pytest.approx(mpc, abs=1e-9)
    if empc_share is not None:
        assert expected.share == pytest.approx(empc_share, abs=1e-9)
    if mpc_share is not None:
        assert best.share == pytest.approx(mpc_share, abs=1e-9)


def test_published_profit_with_values_of_single_customers() -> None:
    """EMPB of empulse 0.13.1: the incentive is a twentieth of each customer's value."""
    clv = np.array([100.0, 200, 150, 300, 120, 250, 180, 220])
    found = maximum_profit(*A8, clv=clv, incentive=0.05 * clv, contact=15)
    assert found.profit == pytest.approx(18.61875, abs=1e-9)


def test_published_threshold() -> None:
    assert profit_threshold(clv=200.0) == pytest.approx(0.1641791, abs=5e-8)


def _best_by_brute_force(
    case: Case, clv: Floats, incentive: Floats, contact: Floats, acceptance: Floats
) -> Floats:
    """Contact everybody from the top down to each score, and keep what earned most."""
    y, s = np.array(case.y), np.array(case.s)
    best = np.zeros(acceptance.size)
    for score in set(case.s):
        own = s >= score
        saved = (y * (clv - incentive))[own].sum()
        spent = (contact + (1 - y) * incentive)[own].sum()
        best = np.maximum(best, acceptance * saved - spent)
    return best / y.size


_AMOUNTS = st.integers(0, 400).map(float)


@given(scored(most=15), st.data())
@settings(max_examples=15)
def test_profits_are_those_of_every_cut_and_every_acceptance(
    case: Case, data: st.DataObject
) -> None:
    size = len(case.y)
    clv, incentive, contact = (
        np.array(data.draw(st.lists(values, min_size=size, max_size=size)))
        for values in (_AMOUNTS, st.integers(0, 40), st.integers(0, 9))
    )
    for terms in (
        {"clv": clv, "incentive": incentive, "contact": contact},
        {"clv": np.full(size, 150.0), "incentive": np.full(size, 9.0), "contact": np.ones(size)},
    ):
        found = maximum_profit(*case, acceptance=0.3, **terms)
        [by_hand] = _best_by_brute_force(case, acceptance=np.array([0.3]), **terms)
        assert found.profit == pytest.approx(by_hand, abs=1e-9)

        edges = np.linspace(0.0, 1.0, 20_001)
        middles = (edges[1:] + edges[:-1]) / 2
        best = _best_by_brute_force(case, acceptance=middles, **terms)
        expected = expected_maximum_profit(*case, **terms)
        integral = float(best @ np.diff(beta_distribution.cdf(edges, 6, 14)))
        assert expected.profit == pytest.approx(integral, abs=1e-5)


def test_many_scores_lose_no_vertex_of_the_hull() -> None:
    chance = np.random.default_rng(0)
    y = chance.random(60_000) < 0.15
    s = 1 / (1 + np.exp(-(chance.normal(size=y.size) + 1.2 * y - 1.5)))
    left = np.cumsum(y[np.argsort(-s)])
    contacted = np.arange(1, y.size + 1)
    edges = np.linspace(0.0, 1.0, 801)
    weights = np.diff(beta_distribution.cdf(edges, 6, 14))
    by_hand = sum(
        weight * max(0.0, float((share * 190 * left - contacted - 10 * (contacted - left)).max()))
        for share, weight in zip((edges[1:] + edges[:-1]) / 2, weights, strict=True)
    )
    assert expected_maximum_profit(y, s).profit == pytest.approx(by_hand / y.size, abs=1e-5)


@given(scored(), st.floats(20.0, 500.0), st.floats(0.0, 19.0), st.floats(0.0, 9.0))
def test_one_value_for_all_is_that_value_of_each(
    case: Case, clv: float, incentive: float, contact: float
) -> None:
    size = len(case.y)
    terms = {"clv": clv, "incentive": incentive, "contact": contact}
    each: dict[str, Any] = {name: np.full(size, value) for name, value in terms.items()}
    one, many = expected_maximum_profit(*case, **terms), expected_maximum_profit(*case, **each)
    assert one.profit == pytest.approx(many.profit, abs=1e-9)
    best, own = maximum_profit(*case, **terms), maximum_profit(*case, **each)
    assert best.profit == pytest.approx(own.profit, abs=1e-9)


@given(scored(), st.integers(0, 3))
def test_profits_keep_their_bounds_and_know_no_order_of_rows(case: Case, seed: int) -> None:
    best, expected = maximum_profit(*case), expected_maximum_profit(*case)
    bounds = campaign_profit(*case, share=0.5).bounds
    assert bounds.without_model - 1e-12 <= best.profit <= bounds.perfect + 1e-12
    # The best for each acceptance is no worse on average than the best for the average one.
    assert expected.profit >= best.profit - 1e-12
    assert expected.profit <= expected_maximum_profit(case.y, case.y).profit + 1e-12
    assert expected.profit >= expected_maximum_profit(case.y, [0.5] * len(case.y)).profit - 1e-12
    assert 0.0 <= expected.share <= 1.0
    assert maximum_profit(*shuffled(case, seed)) == best
    moved = [np.exp(3 * score) for score in case.s]
    assert expected_maximum_profit(case.y, moved) == expected


@given(scored())
def test_the_threshold_contacts_the_share_that_earns_the_profit(case: Case) -> None:
    best = maximum_profit(*case)
    if best.threshold is None:
        assert (best.profit, best.share) == (0.0, 0.0)
        return
    found = campaign_profit(*case, threshold=best.threshold)
    assert found.profit == pytest.approx(best.profit, abs=1e-12)
    assert found.share == best.share


def test_nobody_is_contacted_where_that_loses() -> None:
    found = maximum_profit([1, 0, 0, 0], [0.1, 0.5, 0.6, 0.9], clv=21, incentive=20, contact=5)
    assert (found.profit, found.share, found.threshold) == (0.0, 0.0, None)
    assert expected_maximum_profit(*A8, clv=21, incentive=20, contact=5).profit < 1e-9


def test_customers_worth_less_than_the_incentive_take_away() -> None:
    y, s = [1, 1, 0], [0.9, 0.8, 0.1]
    alone = maximum_profit(y, s, clv=[300.0, 300.0, 300.0])
    lower = maximum_profit(y, s, clv=[300.0, 2.0, 300.0])
    assert alone.share == pytest.approx(2 / 3)
    assert lower.share == pytest.approx(1 / 3)
    assert lower.profit == pytest.approx((0.3 * 290 - 1) / 3)


def test_free_contacts_and_incentives_reach_all_churners() -> None:
    found = expected_maximum_profit(*A8, incentive=0, contact=0)
    assert found.profit == pytest.approx(0.3 * 200 * 0.5)
    assert found.share == pytest.approx(7 / 8)


@given(st.floats(0.0, 1.0), st.floats(11.0, 900.0), st.floats(0.05, 1.0))
def test_a_contact_pays_from_the_threshold_on(p: float, clv: float, acceptance: float) -> None:
    profit = p * (acceptance * (clv - 10) - 1) - (1 - p) * 11
    threshold = profit_threshold(clv=clv, acceptance=acceptance)
    if abs(profit) > 1e-9:
        assert (p > threshold) is (profit > 0)


def test_thresholds_of_single_customers() -> None:
    found = profit_threshold(clv=np.array([200.0, 10.0, 1.0]), acceptance=1.0)
    assert found[0] == pytest.approx(11 / 200)
    # Who is worth nothing above the incentive is never worth a contact.
    assert found[1] == pytest.approx(1.1)
    assert found[2] > 1.0
    assert profit_threshold(clv=np.array([-50.0]))[0] == np.inf


@pytest.mark.parametrize("metric", [maximum_profit, expected_maximum_profit])
@pytest.mark.parametrize(
    ("terms", "complaint"),
    [
        ({"clv": 10}, "clv is 10 and incentive 10"),
        ({"clv": 5, "incentive": 10}, "worth more than the incentive"),
        ({"clv": float("nan")}, "clv is nan"),
        ({"clv": "200"}, "clv is '200'"),
        ({"clv": [1.0, 2.0]}, "clv holds 2 values for 8 customers"),
        ({"clv": [np.nan] * 8}, "clv is nan for some customer"),
        ({"incentive": -1}, "incentive is -1, and has to be a number of 0 or more"),
        ({"contact": [-1.0] * 8}, "contact is -1 for some customer"),
        ({"contact": [[1.0] * 8]}, "contact is"),
        ({"contact": True}, "contact is True"),
    ],
)
def test_terms_out_of_range_are_refused(
    metric: object, terms: dict[str, float], complaint: str
) -> None:
    assert callable(metric)
    with pytest.raises(ParameterError, match=complaint):
        metric(*A8, **terms)


@pytest.mark.parametrize("terms", [{"alpha": 0}, {"beta": -1}, {"alpha": "six"}])
def test_the_beta_distribution_needs_shapes_above_0(terms: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="a number above 0"):
        expected_maximum_profit(*A8, **terms)


def test_acceptance_is_a_share() -> None:
    with pytest.raises(ParameterError, match=r"acceptance is 1\.2"):
        maximum_profit(*A8, acceptance=1.2)
    with pytest.raises(ParameterError, match=r"acceptance is 1\.2"):
        profit_threshold(clv=200.0, acceptance=1.2)


def test_bad_scores_are_refused() -> None:
    with pytest.raises(SingleClassError):
        maximum_profit([0, 0], [0.1, 0.2])
    with pytest.raises(ScoreError):
        expected_maximum_profit([0, 1], [0.1])


def test_thresholds_of_terms_of_two_lengths_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"\[2, 3\] values"):
        profit_threshold(clv=np.full(3, 200.0), contact=np.ones(2))

"""What goes into a lifetime value: plans of discount, and where amounts come from."""

from __future__ import annotations

from datetime import timedelta
from math import exp
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from tests.conftest import Backend
from tests.value.non_contractual.customers import cells, fitted_spend, known, stand_in

from telcrm.errors import ColumnTypeError, DivergentValueError, MissingColumnsError, ParameterError
from telcrm.value import DiscountRate, GammaGammaModel
from telcrm.value.non_contractual.value_terms import DiscountPlan, SpendSource, ValuedCustomers

BG = known("bg_nbd")
ALIVE: dict[str, list[Any]] = {"frequency": [3, 0], "recency": [20.0, 0.0], "age": [30.0, 30.0]}


@given(
    rate=st.just(0.0) | st.floats(1e-9, 0.5),
    horizon=st.floats(0.5, 400.0),
    level=st.floats(0.1, 5.0),
)
def test_a_steady_stream_is_discounted_as_an_integral(
    rate: float, horizon: float, level: float
) -> None:
    plan = DiscountPlan.of(BG, rate, horizon, None)
    # Purchases at one rate for ever: E[Y(t)] = level t.
    found = sum(weight * level * time for time, weight in plan.weights)
    whole = level * horizon if rate == 0 else level * -np.expm1(-rate * horizon) / rate
    assert found == pytest.approx(whole, rel=1e-9)


@given(rate=st.floats(0.001, 0.3), horizon=st.floats(1.0, 300.0), half=st.floats(0.5, 50.0))
def test_a_fading_stream_is_discounted_as_an_integral(
    rate: float, horizon: float, half: float
) -> None:
    plan = DiscountPlan.of(BG, rate, horizon, None)
    found = sum(weight * half * np.log1p(time / half) for time, weight in plan.weights)
    whole, _ = quad(
        lambda t: exp(-rate * t) / (1.0 + t / half), 0.0, horizon, limit=400, epsabs=1e-13
    )
    assert found == pytest.approx(whole, rel=1e-6)


@pytest.mark.parametrize(("horizon", "ends"), [(12.0, [4, 8, 12]), (10.0, [4, 8, 10]), (3.0, [3])])
def test_stretches_are_discounted_each_as_a_whole(horizon: float, ends: list[float]) -> None:
    plan = DiscountPlan.of(BG, 0.1, horizon, 4.0)
    told = dict(plan.weights)
    assert list(told) == pytest.approx(ends)
    # One purchase in the first stretch and none later counts 1/(1+d).
    assert sum(told.values()) == pytest.approx(1 / 1.1)
    last = told[ends[-1]]
    assert last == pytest.approx(1.1 ** -len(ends))


def test_a_rate_per_year_is_one_per_stretch() -> None:
    weekly = DiscountPlan.of(BG, DiscountRate(annual=0.1), 8.0, 4.0)
    [(_, _), (_, last)] = weekly.weights
    assert last == pytest.approx(1.1 ** -(8 * 7 / 365.25))


def test_horizons_are_lengths_of_time() -> None:
    plan = DiscountPlan.of(BG, 0.0, timedelta(days=70), None)
    assert (plan.horizon, plan.weights) == (10.0, [(10.0, 1.0)])
    assert DiscountPlan.of(BG, 0.0, 0.0, 2.0).weights == [(0.0, 0.0)]


def test_all_time_has_no_stretches() -> None:
    with pytest.raises(ParameterError, match="discount_every is given without a horizon"):
        DiscountPlan.of(BG, 0.1, None, 4.0)
    plan = DiscountPlan.of(BG, 0.02, None, None)
    some = cells([3, 0], [20.0, 0.0], 30.0)
    estimates = np.array(BG.estimates_)
    told = BG.process.residual(BG.parameters_of(some), some, 0.02)
    assert_allclose(plan.discounted(BG, estimates, some), told)


@pytest.mark.parametrize("spend", [None, True, float("nan"), float("inf"), [1.0]])
def test_spend_is_a_number_a_column_or_a_model(spend: Any) -> None:
    with pytest.raises(ParameterError, match="a column, or a GammaGammaModel"):
        SpendSource.of(spend, 1.0)


def test_a_model_without_a_mean_is_refused_before_anything_is_read() -> None:
    wild = stand_in(GammaGammaModel(), (6.0, 0.9, 15.0))
    with pytest.raises(DivergentValueError, match=r"q is 0\.9"):
        SpendSource.of(wild, 1.0)


def test_amounts_come_from_where_they_were_said_to() -> None:
    arrays = {
        "_often": np.array([2.0, 0.0]),
        "_mean": np.array([30.0, 0.0]),
        "_amount": np.array([4.0, 5.0]),
    }
    assert SpendSource.of(7, 1.0).expected(arrays, 2).tolist() == [7.0, 7.0]
    assert SpendSource.of("amount", 1.0).expected(arrays, 2).tolist() == [4.0, 5.0]
    model = fitted_spend()
    own, strangers = SpendSource.of(model, 1.0).expected(arrays, 2)
    assert strangers == pytest.approx(model.mean_spend)
    assert min(30.0, strangers) < own < max(30.0, strangers)


def test_totals_that_are_drawn_have_the_mean_that_is_expected() -> None:
    model = fitted_spend()
    source = SpendSource.of(model, 1.0)
    size = 200_000
    arrays = {"_often": np.full(size, 2.0), "_mean": np.full(size, 30.0)}
    counts = np.tile([0.0, 3.0], size // 2)
    chance = np.random.default_rng(1)
    drawn = source.drawn_totals(arrays, counts, np.array(model.estimates_), chance)
    assert (drawn[::2] == 0).all()
    [each] = source.expected({"_often": np.array([2.0]), "_mean": np.array([30.0])}, 1)
    assert drawn[1::2].mean() == pytest.approx(3.0 * each, rel=0.01)


def test_customers_are_opened_with_all_that_their_value_depends_on(
    distinct_backend: Backend,
) -> None:
    frame = distinct_backend.frame({**ALIVE, "monetary_value": [30.0, None], "paid": [1.5, 2.5]})
    seen: list[dict[str, list[float]]] = []

    def compute(arrays: Any) -> dict[str, Any]:
        seen.append({name: sorted(values.tolist()) for name, values in arrays.items()})
        return {"answer": arrays["age"] * 0.0}

    for source in (fitted_spend(), "paid"):
        valued = ValuedCustomers.of(frame, BG, SpendSource.of(source, 1.0), ["answer"])
        assert distinct_backend.is_own(valued.score(compute, distinct=True))
    same = {name: sorted(map(float, values)) for name, values in ALIVE.items()}
    assert seen[0] == {**same, "_often": [0.0, 3.0], "_mean": [0.0, 30.0]}
    assert seen[1] == {**same, "_amount": [1.5, 2.5]}


def test_columns_of_spend_are_checked() -> None:
    frame = pl.DataFrame({**ALIVE, "paid": ["x", "y"]})
    for column, error in (("paid", ColumnTypeError), ("missing", MissingColumnsError)):
        with pytest.raises(error):
            ValuedCustomers.of(frame, BG, SpendSource.of(column, 1.0), [])
    with pytest.raises(ParameterError, match="already has a column 'age'"):
        ValuedCustomers.of(frame, BG, SpendSource.of(1.0, 1.0), ["age"])

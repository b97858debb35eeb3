"""Lifetime value: its parts, discounting by other ways, lifetimes, limits, every engine."""

from __future__ import annotations

import warnings
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.conftest import Backend
from tests.value.non_contractual.customers import (
    POISSON_MODELS,
    PURCHASE_MODELS,
    cdnow,
    customer_rows,
    fitted,
    fitted_spend,
    known,
    stand_in,
)

from telcrm.errors import (
    ColumnTypeError,
    DivergentValueError,
    InvalidTableError,
    MissingColumnsError,
    NotFittedError,
    ParameterError,
)
from telcrm.value import BetaGeoModel, DiscountRate, GammaGammaModel, lifetime_value
from telcrm.value.non_contractual.process import MemorylessProcess

kinds = pytest.mark.parametrize("kind", PURCHASE_MODELS)
RESULT = ["discounted_purchases", "expected_spend", "lifetime_value"]
SPEND = stand_in(GammaGammaModel(monetary_value="amount"), (6.0, 4.0, 15.0))


def valued(kind: str, frame: Any, **options: Any) -> Any:
    """With options that most tests do not change."""
    given_options: dict[str, Any] = {"spend": 10.0, "discount_rate": 0.01, "horizon": 26}
    return lifetime_value(frame, purchases=known(kind), **(given_options | options))


@kinds
@given(margin=st.floats(-2.0, 2.0), horizon=st.integers(1, 60), rate=st.floats(0.0, 0.2))
@settings(max_examples=5)
def test_the_parts_multiply(kind: str, margin: float, horizon: int, rate: float) -> None:
    rows = customer_rows(kind)
    found = valued(kind, rows, spend=SPEND, discount_rate=rate, horizon=horizon, margin_rate=margin)
    assert found.columns == [*rows.columns, *RESULT]
    assert found.select(rows.columns).equals(rows)
    bought, amount, value = (found[name].to_numpy() for name in RESULT)
    assert_allclose(value, bought * amount * margin, rtol=1e-13, atol=1e-300)
    assert_allclose(amount, SPEND.expected_spend(rows)["expected_spend"], rtol=1e-13)
    ahead = known(kind).expected_purchases(rows, horizon=horizon)["expected_purchases"].to_numpy()
    assert (bought <= ahead * (1 + 1e-12)).all()
    assert (bought >= ahead * np.exp(-rate * horizon) * (1 - 1e-12)).all()
    if rate == 0.0:
        assert_allclose(bought, ahead, rtol=1e-12)


@pytest.mark.parametrize("kind", ["bg_nbd", "mbg_nbd", "pareto_nbd"])
def test_lifetimes_values_customers_alike(kind: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lifetimes
        from lifetimes.utils import _customer_lifetime_value

    frame = cdnow().head(60)
    fitter = {
        "bg_nbd": lifetimes.BetaGeoFitter,
        "mbg_nbd": lifetimes.ModifiedBetaGeoFitter,
        "pareto_nbd": lifetimes.ParetoNBDFitter,
    }[kind]()
    model = fitted(kind)
    fitter.params_ = pd.Series(model.parameters_)
    x, last, age = (pd.Series(frame[name].to_numpy()) for name in ("frequency", "recency", "age"))
    spend = fitted_spend().expected_spend(frame)["expected_spend"]
    wrapped = SimpleNamespace(predict=fitter.conditional_expected_number_of_purchases_up_to_time)
    with np.errstate(divide="ignore"):  # lifetimes takes the logarithm of 0 purchases at time 0
        theirs = _customer_lifetime_value(
            wrapped,
            x,
            last,
            age,
            pd.Series(spend.to_numpy()),
            time=12,
            discount_rate=0.01,
            freq="W",
        )
    found = lifetime_value(
        frame,
        purchases=model,
        spend=fitted_spend(),
        discount_rate=0.01,
        horizon=12 * 4.345,  # their months of weeks
        discount_every=4.345,
    )
    assert_allclose(found["lifetime_value"], theirs, rtol=1e-6)


@kinds
def test_without_a_horizon_it_is_the_residual_purchases_times_the_amount(kind: str) -> None:
    rows = customer_rows(kind)
    name = "discounted_expected_residual_transactions"
    residual = known(kind).discounted_expected_residual_transactions(rows, discount_rate=0.02)
    found = valued(kind, rows, spend=7.0, discount_rate=0.02, horizon=None)
    assert_allclose(found["discounted_purchases"], residual[name], rtol=1e-13)
    assert_allclose(found["lifetime_value"], 7.0 * residual[name], rtol=1e-13)


@pytest.mark.parametrize("kind", POISSON_MODELS)
def test_discounting_is_a_sum_over_short_stretches(kind: str) -> None:
    rows = customer_rows(kind, 6)
    rate, horizon, parts = 0.02, 40.0, 4_000
    each = horizon / parts
    process = known(kind).process
    assert isinstance(process, MemorylessProcess)
    ahead = [
        process.while_alive(
            np.array(known(kind).estimates_)[:, None],
            rows["frequency"].to_numpy().astype(float),
            rows["age"].to_numpy(),
            each * part,
        )
        for part in range(0, parts + 1, 40)
    ]
    alive = known(kind).probability_alive(rows)["probability_alive"].to_numpy()
    # By parts, with Simpson's rule over 100 stretches: exp(-dh) E[Y(h)] + d int exp(-dt) E[Y(t)].
    times = np.linspace(0.0, horizon, 101)
    weights = np.full(101, 2.0)
    weights[1::2] = 4.0
    weights[[0, -1]] = 1.0
    weights *= horizon / 300.0 * rate * np.exp(-rate * times)
    expected = alive * (np.exp(-rate * horizon) * ahead[-1] + weights @ np.array(ahead))
    found = valued(kind, rows, discount_rate=rate, horizon=horizon)
    assert_allclose(found["discounted_purchases"], expected, rtol=1e-7)


@kinds
def test_stretches_are_discounted_from_their_end(kind: str) -> None:
    rows = customer_rows(kind)
    found = valued(kind, rows, discount_rate=0.05, horizon=10, discount_every=4)

    def ahead(horizon: int) -> Any:
        column_name = "expected_purchases"
        return known(kind).expected_purchases(rows, horizon=horizon)[column_name].to_numpy()

    # 4, 4, and the 2 that are left, as whole a stretch.
    by_hand = ahead(4) / 1.05 + (ahead(8) - ahead(4)) / 1.05**2 + (ahead(10) - ahead(8)) / 1.05**3
    assert_allclose(found["discounted_purchases"], by_hand, rtol=1e-12)
    longer = valued(kind, rows, discount_rate=0.05, horizon=10, discount_every=20)
    assert_allclose(longer["discounted_purchases"], ahead(10) / 1.05, rtol=1e-12)


def test_periods_are_discounted_one_by_one() -> None:
    rows = customer_rows("bg_bb")
    plain = valued("bg_bb", rows, discount_rate=0.1, horizon=9)
    stepwise = valued("bg_bb", rows, discount_rate=0.1, horizon=9, discount_every=1)
    assert_allclose(plain["lifetime_value"], stepwise["lifetime_value"], rtol=1e-14)
    every = known("bg_bb").discounted_expected_residual_transactions(rows, discount_rate=0.1)
    long = valued("bg_bb", rows, discount_rate=0.1, horizon=300)
    residual = every["discounted_expected_residual_transactions"]
    assert_allclose(long["discounted_purchases"], residual, rtol=1e-9)


@pytest.mark.parametrize("kind", ["bg_nbd", "pareto_nbd"])
@pytest.mark.parametrize("rate", [0.0027, 0.05])
@pytest.mark.parametrize("horizon", [520.0, 5_200.0, 52_000.0])
def test_a_long_horizon_comes_near_to_all_time(kind: str, rate: float, horizon: float) -> None:
    rows = customer_rows(kind, 6)
    found = valued(kind, rows, discount_rate=rate, horizon=horizon)["discounted_purchases"]
    residual = valued(kind, rows, discount_rate=rate, horizon=None)["discounted_purchases"]
    left_out = np.exp(-rate * horizon)
    assert (found / residual).max() <= 1 + 1e-6
    assert (found / residual).min() >= 1 - left_out - 1e-6


@kinds
def test_value_adds_up_over_horizons_and_falls_with_the_rate(kind: str) -> None:
    rows = customer_rows(kind)
    by_horizon = [valued(kind, rows, horizon=h)["lifetime_value"].to_numpy() for h in (1, 5, 40)]
    assert (by_horizon[0] > 0).all()
    assert (np.diff(by_horizon, axis=0) >= 0).all()
    by_rate = [
        valued(kind, rows, discount_rate=r)["lifetime_value"].to_numpy() for r in (0, 0.01, 0.1, 1)
    ]
    assert (np.diff(by_rate, axis=0) <= 0).all()


@pytest.mark.parametrize(
    ("kind", "every"),
    [
        ("bg_nbd", None),
        ("pareto_nbd", None),
        ("bg_nbd", 4.0),
        ("bg_bb", None),
    ],
)
def test_no_time_brings_nothing(kind: str, every: float | None) -> None:
    found = valued(kind, customer_rows(kind), horizon=0, discount_every=every)
    assert (found["lifetime_value"] == 0).all()


@pytest.mark.parametrize("kind", POISSON_MODELS)
def test_yearly_rates_are_those_of_the_unit_of_time(kind: str) -> None:
    rows = customer_rows(kind)
    yearly = valued(kind, rows, discount_rate=DiscountRate(annual=0.15))
    weekly = np.log(1.15) * 7 / 365.25
    plain = valued(kind, rows, discount_rate=weekly)
    assert_allclose(yearly["lifetime_value"], plain["lifetime_value"], rtol=1e-12)
    # Per stretch it is compounded once: 4 weeks of 15 % a year.
    stepped = valued(kind, rows, discount_rate=DiscountRate(annual=0.15), discount_every=4)
    by_hand = valued(kind, rows, discount_rate=float(np.expm1(4 * weekly)), discount_every=4)
    assert_allclose(stepped["lifetime_value"], by_hand["lifetime_value"], rtol=1e-12)
    soon = valued(kind, rows, horizon=timedelta(weeks=26))
    assert_allclose(soon["lifetime_value"], valued(kind, rows)["lifetime_value"], rtol=1e-14)


def test_a_loss_is_a_value_below_zero() -> None:
    rows = customer_rows("bg_nbd")
    loss = valued("bg_nbd", rows, margin_rate=-0.3)
    gain = valued("bg_nbd", rows, margin_rate=0.3)
    assert (loss["lifetime_value"] < 0).all()
    assert_allclose(loss["lifetime_value"], -gain["lifetime_value"])
    assert (valued("bg_nbd", rows, margin_rate=0)["lifetime_value"] == 0).all()


def test_amounts_come_from_a_column() -> None:
    rows = customer_rows("bg_nbd").with_columns(
        cents=pl.Series(range(-5, 15)), exact=pl.lit(Decimal("2.50"))
    )
    found = valued("bg_nbd", rows, spend="cents")
    assert found["expected_spend"].to_list() == [at - 5.0 for at in range(20)]
    assert valued("bg_nbd", rows, spend="exact")["expected_spend"].to_list() == [2.5] * 20


@pytest.mark.parametrize(
    "spend",
    [
        "exact",
        SPEND,
    ],
)
def test_amounts_may_be_python_decimals_in_pandas(spend: Any) -> None:
    rows = customer_rows("bg_nbd").with_columns(exact=2.5)
    columns = rows.to_dict(as_series=False)
    for name in ("amount", "exact"):
        columns[name] = [Decimal(str(value)) for value in columns[name]]
    found = valued("bg_nbd", pd.DataFrame(columns), spend=spend)
    expected = valued("bg_nbd", rows, spend=spend)
    assert_allclose(found["lifetime_value"], expected["lifetime_value"])


@pytest.mark.parametrize(
    ("kind", "spend"),
    [("bg_nbd", 12.5), ("bg_nbd", "amount"), *((kind, SPEND) for kind in PURCHASE_MODELS)],
)
def test_every_engine_values_alike(kind: str, spend: Any, distinct_backend: Backend) -> None:
    rows = customer_rows(kind)
    expected = valued(kind, rows, spend=spend)
    native = distinct_backend.frame({name: rows[name].to_list() for name in rows.columns})
    found = valued(kind, native, spend=spend)
    assert distinct_backend.is_own(found)
    plain = sorted(distinct_backend.rows(found), key=lambda row: row["id"])
    for name in rows.columns:
        assert [row[name] for row in plain] == rows[name].to_list()
    for name in RESULT:
        assert_allclose([row[name] for row in plain], expected[name], rtol=1e-12)


def test_nobody_is_worth_nothing() -> None:
    none = customer_rows("pareto_nbd").head(0)
    assert valued("pareto_nbd", none, spend=SPEND).rows() == []
    assert valued("pareto_nbd", none.lazy(), spend=SPEND, horizon=None).collect().rows() == []


@kinds
def test_an_infinite_sum_is_refused(kind: str) -> None:
    parameters = list(known(kind).estimates_)
    parameters[2] = 0.9
    endless = stand_in(PURCHASE_MODELS[kind](), parameters)
    rows = customer_rows(kind)
    with pytest.raises(DivergentValueError, match="discount_rate above 0"):
        lifetime_value(rows, purchases=endless, spend=1.0, discount_rate=0)
    # Where it is finite it is given.
    found = lifetime_value(rows, purchases=known(kind), spend=1.0, discount_rate=0)
    assert np.isfinite(found["lifetime_value"].to_numpy()).all()


def test_an_infinite_mean_amount_is_refused() -> None:
    heavy = stand_in(GammaGammaModel(monetary_value="amount"), (6.0, 0.9, 15.0))
    with pytest.raises(DivergentValueError, match="q is"):
        valued("bg_nbd", customer_rows("bg_nbd"), spend=heavy)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"horizon": -1}, "horizon"),
        ({"horizon": float("nan")}, "horizon"),
        ({"discount_rate": -0.1}, "discount_rate"),
        ({"discount_rate": float("inf")}, "discount_rate"),
        ({"discount_every": 0}, "discount_every"),
        ({"discount_every": -4}, "discount_every"),
        ({"discount_every": 4, "horizon": None}, "discount_every is given without a horizon"),
        ({"spend": float("nan")}, "spend is nan"),
        ({"spend": None}, "spend is None"),
        ({"spend": True}, "spend is True"),
        ({"margin_rate": float("inf")}, "margin_rate is inf"),
        ({"margin_rate": "half"}, "margin_rate is 'half'"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ParameterError, match=complaint):
        valued("bg_nbd", customer_rows("bg_nbd"), **options)


def test_bad_frames_are_refused() -> None:
    rows = customer_rows("bg_nbd")
    with pytest.raises(MissingColumnsError, match="'price'"):
        valued("bg_nbd", rows, spend="price")
    with pytest.raises(ColumnTypeError, match="'price' holds String"):
        valued("bg_nbd", rows.with_columns(price=pl.lit("5")), spend="price")
    for bad in (None, float("nan"), float("inf")):
        with pytest.raises(InvalidTableError, match="'price' is"):
            valued(
                "bg_nbd",
                rows.with_columns(price=pl.lit(bad, dtype=pl.Float64)),
                spend="price",
            )
    with pytest.raises(InvalidTableError, match="'amount' is no amount above 0"):
        valued("bg_nbd", rows.with_columns(amount=-1.0), spend=SPEND)
    with pytest.raises(InvalidTableError, match="'recency' is above the age"):
        valued("bg_nbd", rows.with_columns(age=pl.col("age") - 90))
    for name in RESULT:
        with pytest.raises(ParameterError, match=f"already has a column '{name}'"):
            valued("bg_nbd", rows.with_columns(**{name: 1.0}))


def test_models_have_to_be_fitted() -> None:
    rows = customer_rows("bg_nbd")
    with pytest.raises(NotFittedError, match="this BetaGeoModel is not fitted"):
        lifetime_value(rows, purchases=BetaGeoModel(), spend=1.0, discount_rate=0.1)
    with pytest.raises(NotFittedError, match="this GammaGammaModel is not fitted"):
        valued("bg_nbd", rows, spend=GammaGammaModel())

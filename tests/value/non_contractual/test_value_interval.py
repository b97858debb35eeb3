"""How sure a lifetime value is: two sources of doubt, told apart."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from tests.conftest import Backend
from tests.value.non_contractual.customers import (
    PURCHASE_MODELS,
    TRUTHS,
    customer_rows,
    known,
    stand_in,
)

from telcrm.errors import NotFittedError, ParameterError
from telcrm.value import (
    BetaGeoModel,
    GammaGammaModel,
    PurchaseModel,
    lifetime_value,
    lifetime_value_interval,
)

SPEND = stand_in(GammaGammaModel(monetary_value="amount"), (6.0, 4.0, 15.0))
FIGURES = [
    "lifetime_value",
    "parameter_sd",
    "process_sd",
    "lower",
    "upper",
    "predictive_lower",
    "predictive_upper",
]


@cache
def learnt(kind: str, size: int = 2_000) -> PurchaseModel:
    periods = known(kind).process.whole_periods
    ages = np.full(size, 8.0 if periods else 52.0)
    drawn = pl.DataFrame(known(kind).simulate(ages, random_state=2))
    model: PurchaseModel = PURCHASE_MODELS[kind]().fit(drawn)
    return model


def interval(kind: str, frame: Any, **options: Any) -> Any:
    given_options: dict[str, Any] = {
        "purchases": learnt(kind),
        "spend": 10.0,
        "discount_rate": 0.01,
        "horizon": 26,
        "random_state": 3,
        "draws": 20,
    }
    return lifetime_value_interval(frame, **(given_options | options))


@pytest.mark.parametrize("kind", ["mbg_nbd", "pareto_nbd", "bg_bb"])
def test_intervals_hold_the_expectation_and_each_other(kind: str) -> None:
    rows = customer_rows(kind)
    found = interval(kind, rows, spend=SPEND, draws=60)
    assert found.columns == [*rows.columns, *FIGURES]
    assert found.select(rows.columns).equals(rows)
    expected = lifetime_value(
        rows, purchases=learnt(kind), spend=SPEND, discount_rate=0.01, horizon=26
    )
    assert_allclose(found["lifetime_value"], expected["lifetime_value"], rtol=1e-12)
    assert (found["lower"] <= found["upper"]).all()
    assert (found["predictive_lower"] <= found["predictive_upper"]).all()
    assert (found["parameter_sd"] > 0).all()
    assert (found["process_sd"] > 0).all()
    held = (found["lower"] <= found["lifetime_value"]) & (found["lifetime_value"] <= found["upper"])
    assert held.mean() > 0.95


def test_more_customers_take_doubt_of_parameters_away_alone() -> None:
    rows = customer_rows("bg_nbd")
    few = interval("bg_nbd", rows, draws=60)
    many = interval("bg_nbd", rows, purchases=learnt("bg_nbd", 40_000), draws=60)
    ratio = (many["parameter_sd"] / few["parameter_sd"]).median()
    assert ratio == pytest.approx(np.sqrt(2_000 / 40_000), rel=0.35)
    assert (many["process_sd"] / few["process_sd"]).median() == pytest.approx(1.0, rel=0.15)


def test_predictive_intervals_hold_the_future_as_often_as_they_say() -> None:
    # Customers observed for 40 weeks, and what they bought in the 26 after.
    truth, chance = TRUTHS["bg_nbd"], np.random.default_rng(21)
    size = 3_000
    rate = chance.gamma(truth[0], 1.0 / truth[1], size)
    drop = chance.beta(truth[2], truth[3], size)
    often, last, future = np.zeros(size), np.zeros(size), np.zeros(size)
    for at in range(size):
        time, alive = 0.0, True
        while alive:
            time += chance.exponential(1.0 / rate[at])
            if time > 66.0:
                break
            if time <= 40.0:
                often[at], last[at] = often[at] + 1, time
            else:
                future[at] += 1
            alive = chance.random() > drop[at]
    rows = pl.DataFrame({"frequency": often, "recency": last, "age": np.full(size, 40.0)})
    found = lifetime_value_interval(
        rows,
        purchases=BetaGeoModel().fit(rows),
        spend=1.0,
        discount_rate=0.0,
        horizon=26,
        draws=60,
        random_state=0,
    )
    low, high = found["predictive_lower"].to_numpy(), found["predictive_upper"].to_numpy()
    # Counts are whole: their intervals hold more than they say.
    assert 0.88 <= ((low <= future) & (future <= high)).mean() <= 0.99
    # Chance falls on each customer by itself; a wrong parameter is wrong for all.
    by_chance = np.sqrt((found["process_sd"].to_numpy() ** 2).sum())
    by_parameters = float(found["parameter_sd"].to_numpy().sum())
    miss = future.sum() - found["lifetime_value"].to_numpy().sum()
    assert abs(miss) < 3 * np.hypot(by_chance, by_parameters)


def test_the_random_state_decides_alone() -> None:
    rows = customer_rows("bg_nbd", 8)
    assert interval("bg_nbd", rows).equals(interval("bg_nbd", rows))
    assert not interval("bg_nbd", rows).equals(interval("bg_nbd", rows, random_state=4))
    turned = rows.sample(fraction=1.0, shuffle=True, seed=1)
    assert interval("bg_nbd", turned).sort("id").equals(interval("bg_nbd", rows).sort("id"))


def test_every_engine_gives_the_same_figures(distinct_backend: Backend) -> None:
    rows = customer_rows("bg_nbd", 8)
    expected = interval("bg_nbd", rows, spend=SPEND, draws=20)
    native = distinct_backend.frame({name: rows[name].to_list() for name in rows.columns})
    found = interval("bg_nbd", native, spend=SPEND, draws=20)
    assert distinct_backend.is_own(found)
    plain = sorted(distinct_backend.rows(found), key=lambda row: row["id"])
    for name in FIGURES:
        assert_allclose([row[name] for row in plain], expected[name], rtol=1e-9, err_msg=name)


def test_a_loss_turns_the_intervals_round() -> None:
    rows = customer_rows("bg_nbd", 8)
    gain, loss = interval("bg_nbd", rows), interval("bg_nbd", rows, margin_rate=-1.0)
    assert_allclose(loss["lower"], -gain["upper"])
    assert_allclose(loss["predictive_lower"], -gain["predictive_upper"], atol=1e-12)
    assert_allclose(loss["process_sd"], gain["process_sd"])


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"confidence": 1.0}, "confidence is 1.0"),
        ({"confidence": 0}, "confidence is 0"),
        ({"confidence": True}, "confidence is True"),
        ({"confidence": float("nan")}, "confidence is nan"),
        ({"draws": 19}, "draws"),
        ({"draws": 50.5}, "draws"),
        ({"random_state": -1}, "random_state"),
        ({"horizon": -1}, "horizon"),
        ({"margin_rate": None}, "margin_rate"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ParameterError, match=complaint):
        interval("bg_nbd", customer_rows("bg_nbd", 8), **options)


def test_models_have_to_be_fitted_and_results_to_be_new() -> None:
    rows = customer_rows("bg_nbd", 8)
    with pytest.raises(NotFittedError):
        interval("bg_nbd", rows, purchases=BetaGeoModel())
    with pytest.raises(ParameterError, match="already has a column 'process_sd'"):
        interval("bg_nbd", rows.with_columns(process_sd=1.0))
    assert interval("bg_nbd", rows.head(0)).rows() == []

"""What lifetimes say of each customer of a frame, on every engine."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.value.contractual.survivor_tables import HIGH_END, lifetimes

from telcrm.errors import (
    ColumnTypeError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
)
from telcrm.value.contractual.sbg import ShiftedBetaGeoModel
from telcrm.value.time import DiscountRate

MODEL = ShiftedBetaGeoModel(customers="customers", time_unit="year").fit(lifetimes(HIGH_END, 7))
BASE = {
    "customer_id": ["d", "b", "c", "a"],
    "age": [3, 0, 3, 40],
    "lost": [False, False, True, False],
    "margin": [10.0, -2.0, 5.0, 1.5],
}


def test_every_engine_gets_its_own_rows_back(distinct_backend: Any) -> None:
    frame = distinct_backend.frame(BASE)
    found = MODEL.lifetime_value(frame, margin="margin", discount_rate=0.1)
    assert distinct_backend.is_own(found)
    residual = MODEL.discounted_expected_residual_lifetime([3, 0, 40], 0.1)
    expected = {"d": 10 * residual[0], "b": -2 * residual[1], "c": 0.0, "a": 1.5 * residual[2]}
    rows = distinct_backend.rows(found)
    assert list(rows[0]) == [*BASE, "lifetime_value"]
    for row in rows:
        assert_allclose(row["lifetime_value"], expected[row["customer_id"]], rtol=1e-12)
    for row in distinct_backend.rows(MODEL.probability_active(frame, horizon=2)):
        ages = MODEL.survival([row["age"], row["age"] + 2])
        chance = 0.0 if row["lost"] else ages[1] / ages[0]
        assert_allclose(row["probability_active"], chance, rtol=1e-12)
    for row in distinct_backend.rows(MODEL.residual_lifetime(frame, discount_rate=0.1)):
        value = 0.0 if row["lost"] else expected[row["customer_id"]] / row["margin"]
        assert_allclose(row["discounted_expected_residual_lifetime"], value, rtol=1e-12)


def test_without_a_column_of_losses_all_are_there() -> None:
    frame = pl.DataFrame(BASE)
    found = MODEL.probability_active(frame.drop("lost"), horizon=1)["probability_active"]
    assert_allclose(found.to_numpy(), MODEL.retention_rate([4, 1, 4, 41]), rtol=1e-12)


@given(st.integers(0, 50), st.integers(1, 40))
@settings(max_examples=10)
def test_horizons_are_sums_of_chances_to_be_active(age: int, horizon: int) -> None:
    frame = pl.DataFrame({"age": [age]})
    chances = [
        MODEL.probability_active(frame, horizon=ahead)["probability_active"][0]
        for ahead in range(1, horizon + 1)
    ]
    assert_allclose(MODEL.expected_renewals(age, horizon), sum(chances), rtol=1e-10)
    value = MODEL.lifetime_value(frame, margin=2.0, discount_rate=0.05, horizon=horizon)
    discounted = sum(2.0 * chance / 1.05**at for at, chance in enumerate(chances))
    assert_allclose(value["lifetime_value"][0], discounted, rtol=1e-10)


def test_rates_are_per_period_or_per_year() -> None:
    yearly = DiscountRate(annual=0.1)
    assert_allclose(
        MODEL.discounted_expected_lifetime(yearly),
        MODEL.discounted_expected_lifetime(0.1),
        rtol=1e-12,
    )
    monthly = ShiftedBetaGeoModel(customers="customers").fit(lifetimes(HIGH_END, 7))
    assert_allclose(
        monthly.discounted_expected_lifetime(yearly),
        MODEL.discounted_expected_lifetime(1.1 ** (1 / 12) - 1),
        rtol=1e-12,
    )


def test_a_new_customer_pays_at_once_and_then_renews() -> None:
    later = float(MODEL.discounted_expected_residual_lifetime(0, 0.1))
    assert_allclose(MODEL.discounted_expected_lifetime(0.1), 1 + later / 1.1, rtol=1e-14)
    patient = ShiftedBetaGeoModel(customers="customers").fit(lifetimes(HIGH_END, 7))
    patient.estimates_ = (3.0, 8.0)
    # E[1 / theta] = (alpha + beta - 1) / (alpha - 1).
    assert_allclose(patient.expected_lifetime(), 10 / 2, rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"age": [1, 2, 3, None]}, "is null"),
        ({"age": [1, 2, 3, -1]}, "is negative"),
        ({"age": [1, 2, 3, 0.5]}, "is no whole number of periods"),
        ({"age": [1, 2, 3, 10**6]}, "is above 100,000 periods"),
        ({"age": [1.0, 2.0, 3.0, float("inf")]}, "is not a finite number"),
        ({"lost": [0, 0, 1, 2]}, "is neither 0 nor 1"),
        ({"lost": [True, None, False, False]}, "is null"),
        ({"margin": [1.0, 2.0, None, 3.0]}, "is null"),
    ],
)
def test_rows_that_say_nothing_are_refused(change: dict[str, Any], words: str) -> None:
    frame = pl.DataFrame({**BASE, **change}, strict=False)
    with pytest.raises(InvalidTableError, match=words):
        MODEL.lifetime_value(frame, margin="margin", discount_rate=0.1)


def test_wrong_arguments_are_refused() -> None:
    frame = pl.DataFrame(BASE)
    with pytest.raises(ParameterError, match="margin is nan"):
        MODEL.lifetime_value(frame, margin=float("nan"), discount_rate=0.1)
    with pytest.raises(ParameterError, match="margin is True"):
        MODEL.lifetime_value(frame, margin=True, discount_rate=0.1)
    with pytest.raises(ParameterError, match=r"discount_rate is -0\.1"):
        MODEL.lifetime_value(frame, margin=1.0, discount_rate=-0.1)
    with pytest.raises(ParameterError, match="horizon is 0"):
        MODEL.lifetime_value(frame, margin=1.0, discount_rate=0.1, horizon=0)
    with pytest.raises(ParameterError, match=r"horizon is 1\.5"):
        MODEL.probability_active(frame, horizon=1.5)  # type: ignore[arg-type]
    with pytest.raises(MissingColumnsError, match='margin="margin"'):
        MODEL.lifetime_value(frame, margin="margins", discount_rate=0.1)
    with pytest.raises(ColumnTypeError, match="customer_id"):
        MODEL.lifetime_value(frame, margin="customer_id", discount_rate=0.1)
    with pytest.raises(ColumnTypeError, match="'lost' holds String"):
        MODEL.probability_active(frame.with_columns(lost=pl.lit("no")), horizon=1)
    with pytest.raises(ParameterError, match="already has a column"):
        MODEL.probability_active(frame.with_columns(probability_active=1.0), horizon=1)
    with pytest.raises(ParameterError, match="age is 0, and has to be a whole number from 1"):
        MODEL.retention_rate([1, 0])
    with pytest.raises(ParameterError, match=r"age is 0\.5"):
        MODEL.survival(0.5)
    with pytest.raises(ParameterError, match="age is nan"):
        MODEL.hazard(float("nan"))

"""Realised profit: by hand, by SciPy, by simulation with a known effect, and without a control."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm
from tests.conftest import Backend

from telcrm.churn.monitoring.realised import realised_profit
from telcrm.errors import (
    ChurnError,
    ColumnTypeError,
    CurrencyMismatchError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
)


def campaign(seed: int = 1, customers: int = 2_000, effect: float = 0.05) -> dict[str, list[Any]]:
    chance = np.random.default_rng(seed)
    treated = chance.random(customers) < 0.6
    left = chance.random(customers) < 0.2 - effect * treated
    value = np.round(chance.gamma(2.0, 60.0, customers), 2)
    cost = np.where(treated, np.where(left, 1.0, 11.0), 0.0)
    return {
        "arm": np.where(treated, "treatment", "control").tolist(),
        "churned": left.astype(int).tolist(),
        "value": value.tolist(),
        "cost": cost.tolist(),
    }


def test_profit_is_the_difference_of_means_with_the_error_of_neyman() -> None:
    given = campaign()
    found = realised_profit(pl.DataFrame(given), confidence=0.9)
    arm, left, value, cost = (np.array(given[name]) for name in given)
    profit = value * (1 - left) - cost
    one, other = (profit[arm == name] for name in ("treatment", "control"))
    total = one.size * (one.mean() - other.mean())
    error = one.size * np.sqrt(one.var(ddof=1) / one.size + other.var(ddof=1) / other.size)
    assert found.profit.value == pytest.approx(total)
    assert found.profit.standard_error == pytest.approx(error)
    assert found.profit.upper == pytest.approx(total + norm.ppf(0.95) * error)
    stay = 1.0 - left
    kept, kept_anyway = (stay[arm == name] for name in ("treatment", "control"))
    assert found.saved.value == pytest.approx(one.size * (kept.mean() - kept_anyway.mean()))
    spread = kept.var(ddof=1) / kept.size + kept_anyway.var(ddof=1) / kept_anyway.size
    assert found.saved.standard_error == pytest.approx(one.size * np.sqrt(spread))
    assert found.cost == pytest.approx(cost.sum())
    assert found.return_on_cost == pytest.approx(found.profit.value / found.cost)
    assert found.treated.churn_rate == pytest.approx(left[arm == "treatment"].mean())


def test_intervals_hold_the_true_effect_as_often_as_said() -> None:
    held = []
    for seed in range(120):
        given = campaign(seed, customers=800)
        found = realised_profit(pl.DataFrame(given), confidence=0.9)
        held.append(found.saved.lower <= found.treated.customers * 0.05 <= found.saved.upper)
    assert abs(np.mean(held) - 0.9) <= 3 * np.sqrt(0.09 / 120)


def test_the_bootstrap_agrees_with_the_normal_interval_and_with_itself() -> None:
    frame = pl.DataFrame(campaign())
    found = realised_profit(frame, draws=2_000, random_state=3)
    assert found == realised_profit(frame, draws=2_000, random_state=3)
    assert found != realised_profit(frame, draws=2_000, random_state=4)
    for effect in (found.saved, found.profit):
        assert effect.bootstrap_lower is not None
        assert effect.bootstrap_upper is not None
        reach = effect.upper - effect.lower
        assert effect.bootstrap_lower == pytest.approx(effect.lower, abs=0.08 * reach)
        assert effect.bootstrap_upper == pytest.approx(effect.upper, abs=0.08 * reach)
    assert realised_profit(frame).profit.bootstrap_lower is None


def test_every_engine_finds_the_same(distinct_backend: Backend) -> None:
    given = campaign(customers=300)
    found = realised_profit(distinct_backend.frame(given), draws=100, random_state=0)
    expected = realised_profit(pl.DataFrame(given), draws=100, random_state=0)
    assert found.treated.churned == expected.treated.churned
    for name in ("saved", "profit"):
        one, other = getattr(found, name), getattr(expected, name)
        assert one.value == pytest.approx(other.value)
        assert one.standard_error == pytest.approx(other.standard_error)
        assert one.bootstrap_lower == pytest.approx(other.bootstrap_lower)


def test_spark_finds_the_same(spark_backend: Backend) -> None:
    given = campaign(customers=200)
    found = realised_profit(spark_backend.frame(given))
    assert found.profit.lower == pytest.approx(realised_profit(pl.DataFrame(given)).profit.lower)


def test_names_flags_and_other_arms() -> None:
    frame = pl.DataFrame(campaign(customers=300))
    other = frame.select(
        pl.col("arm").replace({"treatment": "call", "control": "none"}).alias("cell"),
        (pl.col("churned") == 1).alias("left"),
        pl.col("value").alias("clv"),
    )
    third = other.head(50).with_columns(cell=pl.lit("letter"))
    found = realised_profit(
        pl.concat([other, third]),
        arm="cell",
        churned="left",
        value="clv",
        cost=None,
        treatment="call",
        control="none",
    )
    plain = realised_profit(frame.with_columns(cost=pl.lit(0.0)))
    assert found.profit == plain.profit
    assert found.return_on_cost is None


def test_no_effect_is_not_sure_and_a_great_one_is() -> None:
    assert not realised_profit(pl.DataFrame(campaign(2, effect=0.0))).saved.is_sure
    assert realised_profit(pl.DataFrame(campaign(2, effect=0.15))).saved.is_sure


def test_a_result_is_a_frame_and_a_page() -> None:
    found = realised_profit(pl.DataFrame(campaign()))
    assert found.to_frame()["measure"].to_list() == ["saved", "profit"]
    assert "after a cost of" in repr(found)
    assert "<table>" in found._repr_html_()


@pytest.mark.parametrize(
    ("arms", "small"),
    [
        (["treatment"] * 4, "'control'"),
        (["control"] * 4, "'treatment'"),
        (["treatment"] * 3 + ["control"], "'control'"),
        (["a"] * 4, "'treatment' and 'control'"),
    ],
)
def test_without_a_control_group_nothing_is_known(arms: list[str], small: str) -> None:
    frame = pl.DataFrame({"arm": arms, "churned": 0, "value": 1.0, "cost": 0.0})
    with pytest.raises(ChurnError, match=f"{small}.*stayed anyway"):
        realised_profit(frame)


@pytest.mark.parametrize(
    ("change", "options", "error", "wrong"),
    [
        ({"value": None}, {}, InvalidTableError, "value"),
        ({"value": float("inf")}, {}, InvalidTableError, "finite"),
        ({"churned": None}, {}, InvalidTableError, "outcome is known"),
        ({"churned": 3}, {}, InvalidTableError, "neither"),
        ({"arm": None}, {}, InvalidTableError, "arm"),
        ({}, {"value": "clv"}, MissingColumnsError, "clv"),
        ({}, {"value": "arm"}, ParameterError, "twice"),
        ({}, {"churned": "name"}, ColumnTypeError, "name"),
        ({}, {"control": "treatment"}, ParameterError, "two arms"),
        ({}, {"confidence": 0}, ParameterError, "confidence"),
        ({}, {"draws": 10, "random_state": 0}, ParameterError, "draws"),
        ({}, {"draws": 200}, ParameterError, "random_state"),
        ({}, {"draws": 200, "random_state": -1}, ParameterError, "random_state"),
        ({"currency": "USD"}, {}, CurrencyMismatchError, "USD"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    change: dict[str, Any], options: dict[str, Any], error: type[Exception], wrong: str
) -> None:
    row = {
        "arm": "control",
        "churned": 0,
        "value": 1.0,
        "cost": 0.0,
        "name": "x",
        "currency": "EUR",
    }
    frame = pl.DataFrame([row, row, row | {"arm": "treatment"}, row | change])
    with pytest.raises(error, match=wrong):
        realised_profit(frame, **options)

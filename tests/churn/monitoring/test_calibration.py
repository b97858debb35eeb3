"""Calibration in the large: known intervals, coverage, segments on every engine, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest
from tests.conftest import Backend

from telcrm.churn.monitoring.calibration import calibration_by_segment, calibration_in_the_large
from telcrm.errors import (
    ColumnTypeError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
    ScoreError,
)


@pytest.mark.parametrize(("left", "customers"), [(2, 6), (0, 40), (40, 40), (130, 1_000)])
def test_equal_scores_give_the_interval_of_clopper_and_pearson(left: int, customers: int) -> None:
    y = [1] * left + [0] * (customers - left)
    found = calibration_in_the_large(y, [0.1] * customers)
    expected = binomtest(left, customers, 0.1).proportion_ci(0.95, method="exact")
    assert found.exact
    assert found.ratio == pytest.approx(left / customers / 0.1)
    assert (found.lower, found.upper) == pytest.approx(
        (expected.low / 0.1, expected.high / 0.1), abs=1e-8
    )


def test_many_equal_scores_give_the_interval_of_wilson() -> None:
    found = calibration_in_the_large([1] * 2_100 + [0] * 17_900, [0.1] * 20_000, confidence=0.9)
    expected = binomtest(2_100, 20_000, 0.1).proportion_ci(0.9, method="wilson")
    assert not found.exact
    assert (found.lower, found.upper) == pytest.approx(
        (expected.low / 0.1, expected.high / 0.1), abs=1e-8
    )
    assert not found.agrees
    assert "is not explained by chance" in repr(found)


@pytest.mark.parametrize("customers", [60, 6_000])
def test_true_scores_are_held_to_be_true_as_often_as_said(customers: int) -> None:
    chance = np.random.default_rng(customers)
    p = chance.beta(1, 8, customers)
    draws = 80 if customers < 1_000 else 300
    agreed = [
        calibration_in_the_large(chance.random(customers) < p, p, confidence=0.9).agrees
        for _ in range(draws)
    ]
    # Exact intervals hold at least 90 %, the normal one about that.
    assert np.mean(agreed) >= 0.9 - 3 * np.sqrt(0.09 / draws)


def test_scores_that_are_twice_too_high_are_found_out() -> None:
    chance = np.random.default_rng(9)
    p = chance.beta(1, 8, 3_000)
    found = calibration_in_the_large(chance.random(3_000) < p, 2 * np.minimum(p, 0.5))
    assert found.upper < 1
    assert found.p_value < 1e-6


def test_certain_scores_are_told_apart_from_wrong_ones() -> None:
    nobody = calibration_in_the_large([0, 0], [0.0, 0.0])
    assert nobody.agrees
    assert np.isnan(nobody.ratio)
    impossible = calibration_in_the_large([1, 0], [0.0, 0.0])
    assert (impossible.ratio, impossible.p_value) == (np.inf, 0.0)
    sure = calibration_in_the_large([1, 1], [1.0, 1.0])
    assert (sure.ratio, sure.lower, sure.upper, sure.p_value) == (1.0, 1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("y", "p", "error"),
    [
        ([0, 1], [0.5], ScoreError),
        ([0, 2], [0.5, 0.5], ScoreError),
        ([0, 1], [0.5, 1.5], ScoreError),
        ([0, 1], [0.5, float("nan")], ScoreError),
        ([], [], ScoreError),
    ],
)
def test_arrays_that_are_none_are_refused(y: Any, p: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        calibration_in_the_large(y, p)
    with pytest.raises(ParameterError, match="confidence"):
        calibration_in_the_large([0, 1], [0.2, 0.4], confidence=95)


def scored() -> dict[str, list[Any]]:
    chance = np.random.default_rng(12)
    p = chance.beta(1, 5, 700)
    segment = ["none" if at < 3 else "mass" if at % 3 else "premium" for at in range(700)]
    p[:3] = 0.0
    left = chance.random(700) < p
    return {
        "segment": segment,
        "churned": left.astype(int).tolist(),
        "churn_probability": p.tolist(),
    }


def test_segments_are_measured_as_arrays_are(distinct_backend: Backend) -> None:
    given = scored()
    found = calibration_by_segment(distinct_backend.frame(given))
    assert distinct_backend.is_own(found)
    rows = distinct_backend.rows(found)
    assert [row["segment"] for row in rows] == ["mass", "none", "premium"]
    assert (rows[1]["ratio"], rows[1]["lower"], rows[1]["p_value"]) == (None, None, 1.0)
    for row in (rows[0], rows[2]):
        chosen = np.array(given["segment"]) == row["segment"]
        y, p = (np.array(given[name])[chosen] for name in ("churned", "churn_probability"))
        expected = calibration_in_the_large(y, p)
        assert row["customers"] == expected.customers
        assert row["observed"] == expected.observed
        assert row["expected"] == pytest.approx(expected.expected, rel=1e-11)
        for name in ("ratio", "lower", "upper", "p_value"):
            assert row[name] == pytest.approx(getattr(expected, name), rel=1e-4), name


def test_spark_measures_segments(spark_backend: Backend) -> None:
    found = spark_backend.rows(calibration_by_segment(spark_backend.frame(scored())))
    assert found == calibration_by_segment(pl.DataFrame(scored())).to_dicts()


def test_outcomes_may_be_flags() -> None:
    frame = pl.DataFrame(scored())
    flags = frame.with_columns(pl.col("churned") == 1)
    assert calibration_by_segment(flags).equals(calibration_by_segment(frame))


def test_no_rows_give_no_segments() -> None:
    assert calibration_by_segment(pl.DataFrame(scored()).head(0)).height == 0


@pytest.mark.parametrize(
    ("change", "error", "wrong"),
    [
        ({"churned": None}, InvalidTableError, "outcome is known"),
        ({"churned": 2}, InvalidTableError, "neither 0 nor 1"),
        ({"churn_probability": 1.01}, InvalidTableError, "no probability"),
        ({"churn_probability": float("nan")}, InvalidTableError, "no probability"),
        ({"churn_probability": None}, InvalidTableError, "null"),
        ({"segment": None}, InvalidTableError, "null"),
        ({"churned": "yes"}, ColumnTypeError, "churned"),
    ],
)
def test_tables_that_cannot_be_measured_are_refused(
    change: dict[str, Any], error: type[Exception], wrong: str
) -> None:
    row = {"segment": "a", "churned": 1, "churn_probability": 0.2}
    # A column of nulls alone has no type to refuse.
    other = {} if None in change.values() else change
    rows = [row | other, row | change]
    with pytest.raises(error, match=wrong):
        calibration_by_segment(pl.DataFrame(rows))


def test_names_that_are_not_there_or_stand_twice_are_refused() -> None:
    frame = pl.DataFrame(scored())
    with pytest.raises(MissingColumnsError, match="tier"):
        calibration_by_segment(frame, by="tier")
    with pytest.raises(ParameterError, match="twice"):
        calibration_by_segment(frame.rename({"segment": "observed"}), by="observed")

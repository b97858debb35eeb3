"""Segments side by side, on every engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.churn.evaluation.cases import Case, scored
from tests.conftest import Backend

from telcrm.churn.evaluation.intervals import roc_auc_interval
from telcrm.churn.evaluation.ranking import lift, roc_auc
from telcrm.churn.evaluation.slices import evaluate_by, evaluate_slices
from telcrm.errors import (
    ColumnTypeError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
    ScoreError,
    SingleClassError,
)

_CHANCE = np.random.default_rng(1)
_N = 240
_P = (_CHANCE.integers(1, 40, _N) / 40).tolist()
TABLE: dict[str, list[Any]] = {
    "churned": (_CHANCE.random(_N) < np.array(_P)).astype(int).tolist(),
    "churn_probability": _P,
    "region": _CHANCE.choice(["north", "south", "east"], _N, p=[0.6, 0.35, 0.05]).tolist(),
    "key_account": (_CHANCE.random(_N) < 0.3).tolist(),
}


def _by_hand(q: float) -> dict[str, dict[str, Any]]:
    y, p = np.array(TABLE["churned"]), np.array(TABLE["churn_probability"])
    region = np.array(TABLE["region"])
    room, contacted = q * _N, np.zeros(_N)
    for score in sorted(set(p.tolist()), reverse=True):
        group = p == score
        contacted[group] = min(1.0, max(0.0, room / group.sum()))
        room -= group.sum()
    rows = {}
    for name in sorted(set(region.tolist())):
        own = region == name
        ends = roc_auc_interval(y[own], p[own])
        rows[name] = {
            "attribute": "region",
            "segment": name,
            "customers": int(own.sum()),
            "churners": int(y[own].sum()),
            "base_rate": y[own].mean(),
            "predicted": p[own].mean(),
            "calibration_gap": y[own].mean() - p[own].mean(),
            "roc_auc": roc_auc(y[own], p[own]),
            "roc_auc_lower": ends.lower,
            "roc_auc_upper": ends.upper,
            "roc_auc_difference": roc_auc(y[own], p[own]) - roc_auc(y, p),
            "lift": lift(y[own], p[own], q=q),
            "contacted_share": contacted[own].mean(),
            "contacted_difference": contacted[own].mean() - q,
            "captured": contacted[own & (y == 1)].mean(),
            "captured_difference": contacted[own & (y == 1)].mean() - contacted[y == 1].mean(),
            "wasted": contacted[own & (y == 0)].mean(),
            "wasted_difference": contacted[own & (y == 0)].mean() - contacted[y == 0].mean(),
            "too_small": min(y[own].sum(), own.sum() - y[own].sum()) < 30,
        }
    return rows


def test_figures_are_those_of_the_segments(distinct_backend: Backend) -> None:
    frame = distinct_backend.frame(TABLE)
    result = evaluate_by(frame, by="region", q=0.3)
    assert distinct_backend.is_own(result)
    rows = distinct_backend.rows(result)
    expected = _by_hand(0.3)
    assert [row["segment"] for row in rows] == ["east", "north", "south"]
    assert [row["too_small"] for row in rows] == [True, False, False]
    for row in rows:
        assert list(row) == list(expected["east"])
        for name, value in expected[row["segment"]].items():
            assert row[name] == (pytest.approx(value) if isinstance(value, float) else value), name


def test_spark_gives_the_same(spark_backend: Backend) -> None:
    rows = spark_backend.rows(evaluate_by(spark_backend.frame(TABLE), by="region", q=0.3))
    expected = _by_hand(0.3)
    for row in rows:
        own = expected[row["segment"]]
        assert row["roc_auc"] == pytest.approx(own["roc_auc"])
        assert row["contacted_share"] == pytest.approx(own["contacted_share"])


def test_attributes_stand_one_below_the_other(distinct_backend: Backend) -> None:
    frame = distinct_backend.frame(TABLE)
    rows = distinct_backend.rows(evaluate_by(frame, by=["key_account", "region"]))
    assert [row["attribute"] for row in rows] == ["key_account"] * 2 + ["region"] * 3
    assert sum(row["customers"] for row in rows) == 2 * _N


def test_a_segment_without_churners_says_what_it_can(distinct_backend: Backend) -> None:
    table: dict[str, list[Any]] = {
        "churned": [True, False, False, False],
        "churn_probability": [0.9, 0.2, 0.3, 0.1],
        "region": ["a", "a", "b", "b"],
    }
    first, second = distinct_backend.rows(
        evaluate_by(distinct_backend.frame(table), by="region", q=0.5)
    )
    assert (first["roc_auc"], first["roc_auc_lower"], first["captured"]) == (1.0, None, 1.0)
    assert (second["roc_auc"], second["lift"], second["captured"]) == (None, None, None)
    assert second["wasted"] == pytest.approx(0.5)
    assert (first["too_small"], second["too_small"]) == (True, True)


@given(scored(least=4), st.integers(1, 3), st.floats(0.05, 1.0))
@settings(max_examples=20)
def test_segments_add_up_to_all(case: Case, segments: int, q: float) -> None:
    names = [f"s{at % segments}" for at in range(len(case.y))]
    found = evaluate_slices(*case, names, q=q)
    sizes = np.array([each.customers for each in found.segments])
    assert sizes.sum() == found.overall.customers == len(case.y)
    assert sum(each.churners for each in found.segments) == sum(case.y)
    shares = np.array([each.contacted_share for each in found.segments])
    assert shares @ sizes / sizes.sum() == pytest.approx(found.overall.contacted_share)
    assert found.overall.contacted_share == pytest.approx(q)
    assert found.overall.captured == pytest.approx(lift(*case, q=q) * q)
    if segments == 1:
        assert found.segments[0].roc_auc_difference == 0.0


def test_slices_of_arrays_are_a_frame() -> None:
    found = evaluate_slices(
        TABLE["churned"], TABLE["churn_probability"], TABLE["region"], attribute="region"
    )
    frame = found.to_frame()
    assert frame["attribute"].unique().to_list() == ["region"]
    assert frame["customers"].sum() == _N
    assert repr(found).startswith("Slices(region: 3 segments, 1 too small; lowest ROC AUC")
    assert "<th>too_small</th>" in found._repr_html_()


def test_scores_that_are_no_probabilities_have_no_calibration() -> None:
    table = {**TABLE, "churn_probability": [100 * p for p in _P]}
    frame = pl.DataFrame(table)
    with pytest.raises(InvalidTableError, match="probabilities=False"):
        evaluate_by(frame, by="region")
    found = evaluate_by(frame, by="region", probabilities=False)
    assert found["predicted"].null_count() == 3
    assert found["roc_auc"].null_count() == 0


@pytest.mark.parametrize(
    ("columns", "change", "error", "complaint"),
    [
        ({"region": ["a", None, "b", "b"]}, {}, InvalidTableError, "'region' is null"),
        ({"churned": [1, None, 0, 0]}, {}, InvalidTableError, "outcome is known"),
        ({"churned": [1, 2, 0, 0]}, {}, InvalidTableError, "neither 0 nor 1"),
        ({"churned": [0, 0, 0, 0]}, {}, SingleClassError, "churned is 0"),
        ({"churn_probability": [0.1, None, 0.2, 0.3]}, {}, InvalidTableError, "is null"),
        ({"churn_probability": [0.1, float("inf"), 0.2, 0.3]}, {}, InvalidTableError, "finite"),
        ({"churn_probability": ["a"] * 4}, {}, ColumnTypeError, "numbers"),
        ({"churned": ["a"] * 4}, {}, ColumnTypeError, "numbers"),
        ({}, {"by": "plan"}, MissingColumnsError, "plan"),
        ({}, {"by": []}, ParameterError, "by names no column"),
        ({}, {"q": 0}, ParameterError, "q is 0"),
        ({}, {"least": 0}, ParameterError, "least is 0"),
        ({}, {"confidence": 1}, ParameterError, "confidence is 1"),
    ],
)
def test_bad_tables_and_arguments_are_refused(
    columns: dict[str, Any], change: dict[str, Any], error: type[Exception], complaint: str
) -> None:
    table = {
        "churned": [1, 0, 0, 1],
        "churn_probability": [0.9, 0.2, 0.3, 0.1],
        "region": ["a", "a", "b", "b"],
        **columns,
    }
    with pytest.raises(error, match=complaint):
        evaluate_by(pl.DataFrame(table), **{"by": "region", **change})


@pytest.mark.parametrize("segment", [["a"], ["a", None], [["a", "b"]]])
def test_every_customer_has_a_segment(segment: list[Any]) -> None:
    with pytest.raises(ScoreError, match="name the segment of each"):
        evaluate_slices([0, 1], [0.1, 0.2], segment)

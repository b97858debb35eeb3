"""Back-tests: fitted on the past only, judged by snapshot, on every engine."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.conftest import Backend

from telcrm.churn.evaluation.back_test import back_test
from telcrm.churn.evaluation.evaluation import evaluate
from telcrm.errors import (
    ColumnTypeError,
    InvalidTableError,
    MissingColumnsError,
    ModelContractError,
    ParameterError,
    ScoreError,
    SingleClassError,
)

DAYS = [date(2024, month, 1) for month in range(1, 6)]
EACH = 120
SPLITS = [(DAYS[:2], [DAYS[2]]), (DAYS[:3], DAYS[3:])]


def _panel() -> dict[str, list[Any]]:
    chance = np.random.default_rng(1)
    size = EACH * len(DAYS)
    calls, months = chance.poisson(4, size), chance.integers(1, 60, size)
    odds = -1.0 + 0.4 * (4 - calls) + 0.02 * (30 - months)
    churned: list[Any] = (chance.random(size) < 1 / (1 + np.exp(-odds))).astype(int).tolist()
    return {
        "subscription_id": [f"S{at}" for at in range(size)],
        "snapshot": [day for day in DAYS for _ in range(EACH)],
        "calls": calls.astype(float).tolist(),
        "months": months.tolist(),
        "churned": churned,
        "lifetime_value": chance.integers(50, 400, size).astype(float).tolist(),
    }


PANEL = _panel()


def _model() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression())


def _by_hand() -> list[Any]:
    frame = pl.DataFrame(PANEL)
    features = ["calls", "months"]
    found = []
    for train, test in SPLITS:
        past = frame.filter(pl.col("snapshot").is_in(train))
        model = _model().fit(past.select(features).to_numpy(), past["churned"].to_numpy())
        for day in test:
            own = frame.filter(pl.col("snapshot") == day)
            p = model.predict_proba(own.select(features).to_numpy())[:, 1]
            found.append(evaluate(own["churned"], p, clv=own["lifetime_value"]))
    return found


def test_each_snapshot_is_judged_by_its_past(distinct_backend: Backend) -> None:
    found = back_test(
        _model(),
        distinct_backend.frame(PANEL),
        splits=SPLITS,
        features=["calls", "months"],
        clv="lifetime_value",
    )
    assert [row.snapshot for row in found.rows] == DAYS[2:]
    assert [row.split for row in found.rows] == [0, 1, 1]
    assert [row.trained_until for row in found.rows] == [DAYS[1], DAYS[2], DAYS[2]]
    assert [row.training_customers for row in found.rows] == [240, 360, 360]
    for row, evaluation in zip(found.rows, _by_hand(), strict=True):
        assert row.evaluation is not None
        assert row.evaluation.figures == pytest.approx(evaluation.figures, rel=1e-6)


def test_spark_gives_the_same(spark_backend: Backend) -> None:
    found = back_test(
        _model(), spark_backend.frame(PANEL), splits=SPLITS, features=["calls", "months"]
    )
    for row, evaluation in zip(found.rows, _by_hand(), strict=True):
        assert row.figure("roc_auc") == pytest.approx(evaluation.roc_auc)


class _Keeper(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Notes what it was fitted on, and answers with the base rate, or as it is told."""

    seen: list[Any] = []  # noqa: RUF012 (shared between clones)

    def __init__(self, *, answer: Any = None) -> None:
        self.answer = answer

    def fit(self, X: Any, y: Any) -> _Keeper:  # noqa: N803
        self.seen.append((X, np.asarray(y).tolist()))
        self.classes_ = np.array([0, 1])
        self.rate_ = float(np.mean(y))
        return self

    def predict_proba(self, X: Any) -> Any:  # noqa: N803
        if self.answer is not None:
            return self.answer
        p = np.full(len(X), self.rate_)
        return np.column_stack([1 - p, p])


def test_the_model_itself_stays_as_it_is_and_sees_frames_of_its_past() -> None:
    _Keeper.seen.clear()
    model = _Keeper()
    back_test(model, pl.DataFrame(PANEL), splits=SPLITS, features=["calls"])
    assert not hasattr(model, "rate_")
    (first, labels), _ = _Keeper.seen
    assert isinstance(first, pl.DataFrame)
    assert first.columns == ["calls"]
    assert first["calls"].to_list() == PANEL["calls"][: 2 * EACH]
    assert labels == PANEL["churned"][: 2 * EACH]


def test_unknown_outcomes_are_left_out_and_counted(distinct_backend: Backend) -> None:
    churned = [None if at % 10 == 0 else left for at, left in enumerate(PANEL["churned"])]
    frame = distinct_backend.frame({**PANEL, "churned": churned})
    found = back_test(_model(), frame, splits=SPLITS, features=["calls"])
    assert found.unknown == 60
    assert [row.customers for row in found.rows] == [108, 108, 108]


def test_a_snapshot_of_one_class_is_told_and_the_others_are_judged() -> None:
    churned = list(PANEL["churned"])
    churned[3 * EACH : 4 * EACH] = [0] * EACH
    found = back_test(
        _model(), pl.DataFrame({**PANEL, "churned": churned}), splits=SPLITS, features=["calls"]
    )
    assert [row.evaluation is None for row in found.rows] == [False, True, False]
    assert "for all 120 customers" in (found.rows[1].reason or "")
    frame = found.to_frame()
    assert frame["snapshot"].to_list() == ["2024-03-01", "2024-04-01", "2024-05-01"]
    assert frame["roc_auc"].null_count() == 1
    assert "2 of 3 snapshots judged" in repr(found)
    assert "<th>expected_maximum_profit</th>" in found._repr_html_()


def test_means_are_over_the_snapshots() -> None:
    found = back_test(_model(), pl.DataFrame(PANEL), splits=SPLITS, features=["calls"])
    areas = [row.figure("roc_auc") for row in found.rows]
    assert found.mean("roc_auc") == pytest.approx(np.mean([each for each in areas if each]))
    with pytest.raises(ParameterError, match="no figure 'auc'"):
        found.mean("auc")


@pytest.mark.parametrize(
    ("columns", "change", "error", "complaint"),
    [
        ({}, {"splits": []}, ParameterError, "one split at least"),
        ({}, {"splits": [([], DAYS[:1])]}, ParameterError, "snapshots to learn from"),
        ({}, {"splits": [(DAYS[:2], DAYS[1:3])]}, ParameterError, "not before 2024-02-01"),
        ({}, {"splits": [(["2024-01-01"], DAYS[1:])]}, ParameterError, "has to be a date"),
        ({}, {"splits": [(DAYS[:2], [date(2030, 1, 1)])]}, ParameterError, "on 2030-01-01"),
        ({}, {"features": []}, ParameterError, "features names no column"),
        ({}, {"features": ["age"]}, MissingColumnsError, "age"),
        ({}, {"clv": "months_left"}, MissingColumnsError, "months_left"),
        ({}, {"clv": "subscription_id"}, ColumnTypeError, "numbers"),
        ({"churned": [2] * 600}, {}, InvalidTableError, "neither 0 nor 1"),
        ({"churned": [0] * 360 + [1] * 240}, {}, SingleClassError, "none left"),
        ({"snapshot": [None, *PANEL["snapshot"][1:]]}, {}, InvalidTableError, "null"),
        ({"snapshot": PANEL["months"]}, {}, ColumnTypeError, "dates"),
    ],
)
def test_what_cannot_be_tested_is_refused(
    columns: dict[str, Any], change: dict[str, Any], error: type[Exception], complaint: str
) -> None:
    given = {"splits": SPLITS, "features": ["calls"], **change}
    with pytest.raises(error, match=complaint):
        back_test(_model(), pl.DataFrame({**PANEL, **columns}), **given)


@pytest.mark.parametrize(
    "model",
    [
        LinearRegression(),
        _Keeper(answer=np.ones((EACH, 3)) / 3),
        _Keeper(answer=np.full((EACH, 2), 7.0)),
    ],
)
def test_a_model_that_breaks_its_contract_is_refused(model: Any) -> None:
    with pytest.raises(ModelContractError, match="predict_proba"):
        back_test(model, pl.DataFrame(PANEL), splits=SPLITS, features=["calls"])


def test_a_model_that_forgets_a_customer_is_refused() -> None:
    answer = np.full((EACH - 1, 2), 0.5)
    with pytest.raises(ScoreError, match="119 values for 120 customers"):
        back_test(_Keeper(answer=answer), pl.DataFrame(PANEL), splits=SPLITS, features=["calls"])


def test_a_model_that_cannot_be_cloned_is_refused() -> None:
    class Fixed:
        def fit(self, _table: Any, _left: Any) -> Fixed:
            return self

        def predict_proba(self, table: Any) -> Any:
            return np.full((len(table), 2), 0.5)

    fixed: Any = Fixed()
    with pytest.raises(ModelContractError, match="no get_params"):
        back_test(fixed, pl.DataFrame(PANEL), splits=SPLITS, features=["calls"])

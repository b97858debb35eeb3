"""What a model goes by, over all customers."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from tests.churn.models.tables import FEATURES, customers
from tests.conftest import Backend

from telcrm.churn.models.boosted import BoostedModel
from telcrm.churn.models.feature_table import read_features
from telcrm.churn.models.scorecard import ScorecardModel
from telcrm.churn.models.spline_logistic import SplineLogisticModel
from telcrm.churn.models.vote import SoftVoteModel
from telcrm.churn.reasons.drivers import churn_drivers
from telcrm.errors import (
    ParameterError,
    SchemaDriftError,
    ScoreError,
    SingleClassError,
    UnsupportedFrameError,
)

FRAME, LEFT = customers()
CURVES = SplineLogisticModel(features=FEATURES).fit(FRAME, LEFT)
TREES = BoostedModel(features=FEATURES, most_trees=20, repeats=1, leaves=4).fit(FRAME, LEFT)


def test_of_a_formula_they_are_exact() -> None:
    found = churn_drivers(CURVES, FRAME, words={"calls": "calls to the hotline"})
    terms = CURVES.formula_.contributions(read_features(FRAME, FEATURES))
    by_name = {row.feature: row for row in found.rows}
    for name, term in terms.items():
        assert by_name[name].weight == pytest.approx(np.abs(term).mean())
    weights = [row.weight for row in found.rows]
    assert weights == sorted(weights, reverse=True)
    assert [row.rank for row in found.rows] == list(range(1, len(FEATURES) + 1))
    assert sum(row.share for row in found.rows) == pytest.approx(1.0)
    assert by_name["calls"].words == "calls to the hotline"
    # A column that says nothing has no weight, and no risky value.
    assert (by_name["constant"].weight, by_name["constant"].riskiest) == (0.0, None)
    # The truth of the table: the young, those of unknown fee, of many calls and of plan solo leave.
    assert by_name["tenure"].riskiest == "0"
    assert by_name["fee"].riskiest == "not known"
    assert by_name["plan"].riskiest == "solo"
    assert by_name["calls"].safest in {"0", "1"}


def test_a_bin_is_told_by_its_ends() -> None:
    model = ScorecardModel(features=["tenure", "plan"]).fit(FRAME, LEFT)
    [tenure] = [row for row in churn_drivers(model, FRAME).rows if row.feature == "tenure"]
    assert tenure.riskiest is not None
    assert tenure.riskiest.startswith("0 to ")


def test_shuffled_columns_of_any_other_model() -> None:
    for metric in ("log_loss", "roc_auc"):
        found = churn_drivers(TREES, FRAME, LEFT, metric=metric, random_state=1)
        by_name = {row.feature: row for row in found.rows}
        assert found.rows[0].feature == "tenure"
        assert by_name["constant"].weight == pytest.approx(0.0, abs=1e-12)
        assert by_name["constant"].riskiest is None
        assert all(row.spread is not None for row in found.rows)
        assert sum(row.share for row in found.rows) == pytest.approx(1.0)
    assert by_name["plan"].riskiest == "solo"
    assert churn_drivers(TREES, FRAME, LEFT, random_state=1).metric == "log_loss"


def test_shuffling_is_that_of_scikit_learn() -> None:
    frame = FRAME.select("tenure", "calls").to_pandas()
    model = LogisticRegression().fit(frame, LEFT)
    expected = permutation_importance(
        model, frame, LEFT, scoring="neg_log_loss", n_repeats=4, random_state=3
    )
    found = churn_drivers(model, frame, LEFT, repeats=4, random_state=3)
    by_name = {row.feature: row for row in found.rows}
    for at, name in enumerate(frame.columns):
        assert by_name[name].weight == pytest.approx(expected.importances_mean[at], abs=1e-12)
        assert by_name[name].spread == pytest.approx(expected.importances_std[at], abs=1e-12)


def test_a_formula_can_be_shuffled_too() -> None:
    found = churn_drivers(CURVES, FRAME, LEFT, metric="roc_auc")
    assert found.rows[0].feature == "tenure"
    assert found.rows[0].riskiest == "0"


def test_values_of_a_sum_are_risky_alike_whether_read_or_tried() -> None:
    vote = SoftVoteModel({"curves": CURVES}).fit(FRAME, LEFT)
    tried = {row.feature: row for row in churn_drivers(vote, FRAME, LEFT, repeats=1).rows}
    read = {row.feature: row for row in churn_drivers(CURVES, FRAME).rows}
    for name in ("plan", "roaming", "constant"):
        assert (tried[name].riskiest, tried[name].safest) == (
            read[name].riskiest,
            read[name].safest,
        )


def test_the_order_of_rows_does_not_matter() -> None:
    order = np.random.default_rng(0).permutation(len(FRAME))
    found, turned = churn_drivers(CURVES, FRAME), churn_drivers(CURVES, FRAME[order])
    for one, other in zip(found.rows, turned.rows, strict=True):
        assert (one.feature, one.riskiest, one.safest) == (
            other.feature,
            other.riskiest,
            other.safest,
        )
        assert one.weight == pytest.approx(other.weight)


def test_every_engine_in_memory(backend: Backend) -> None:
    given = backend.frame(FRAME.head(200).to_dict(as_series=False))
    if backend.name in {"polars_lazy", "duckdb", "pyspark"}:
        with pytest.raises(UnsupportedFrameError, match="customers is lazy"):
            churn_drivers(CURVES, given)
        return
    for model in (CURVES, TREES):
        found = churn_drivers(model, given, LEFT[:200], repeats=1)
        expected = churn_drivers(model, FRAME.head(200), LEFT[:200], repeats=1)
        assert_allclose([row.weight for row in found.rows], [row.weight for row in expected.rows])
        assert [(row.feature, row.riskiest, row.safest) for row in found.rows] == [
            (row.feature, row.riskiest, row.safest) for row in expected.rows
        ]


def test_they_are_shown() -> None:
    found = churn_drivers(CURVES, FRAME)
    frame = found.to_frame()
    assert frame["feature"].to_list() == [row.feature for row in found.rows]
    assert frame.schema["spread"] == pl.Float64
    assert repr(found).startswith("ChurnDrivers(contribution, 1,500 customers: tenure ")
    assert "<th>riskiest</th>" in found._repr_html_()


@pytest.mark.parametrize(
    ("model", "y", "options", "error", "words"),
    [
        (TREES, None, {}, ParameterError, "the metric log_loss needs y"),
        (TREES, LEFT, {"metric": "contribution"}, ParameterError, "has no formula"),
        (CURVES, LEFT, {"metric": "gain"}, ParameterError, "metric='gain'"),
        (TREES, LEFT, {"repeats": 0}, ParameterError, "repeats is 0"),
        (TREES, LEFT, {"random_state": -1}, ParameterError, "random_state is -1"),
        (TREES, 0 * LEFT, {}, SingleClassError, "y_true is 0 for all"),
        (TREES, LEFT[:3], {}, ScoreError, "for 3 customers"),
    ],
)
def test_what_is_refused(model: Any, y: Any, options: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        churn_drivers(model, FRAME, y, **options)


def test_a_column_is_missing() -> None:
    with pytest.raises(SchemaDriftError, match="customers lacks 'plan'"):
        churn_drivers(CURVES, FRAME.drop("plan"))

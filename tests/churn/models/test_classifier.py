"""What all of telcrm's churn models do alike: scikit-learn's checks, names, storage, refusals."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator
from tests.churn.models.tables import FEATURES, customers
from tests.conftest import Backend

from telcrm.churn.models.boosted import BoostedModel
from telcrm.churn.models.classifier import ChurnClassifier
from telcrm.churn.models.hazard import HazardModel
from telcrm.churn.models.scorecard import ScorecardModel
from telcrm.churn.models.spline_logistic import SplineLogisticModel
from telcrm.errors import (
    EstimatorFormatError,
    NotFittedError,
    ParameterError,
    SchemaDriftError,
    SingleClassError,
)

MODELS: dict[str, type[ChurnClassifier]] = {
    "spline_logistic": SplineLogisticModel,
    "scorecard": ScorecardModel,
    "boosted": BoostedModel,
    "hazard": HazardModel,
}
kinds = pytest.mark.parametrize("kind", MODELS)
QUICK: dict[str, dict[str, Any]] = {"boosted": {"most_trees": 25, "repeats": 1}}
_FITTED: dict[str, Any] = {}


def fitted(kind: str) -> Any:
    if kind not in _FITTED:
        frame, left = customers()
        model = MODELS[kind](features=FEATURES, **QUICK.get(kind, {}))
        _FITTED[kind] = model.fit(frame, left)
    return _FITTED[kind]


@pytest.mark.slow
@kinds
def test_scikit_learns_own_checks(kind: str) -> None:
    # Leaves of 20 would keep the boosted model from the 30 rows of a check.
    few = {"boosted": {"most_trees": 15, "least_rows": 2, "repeats": 1}}.get(kind, {})
    results = check_estimator(MODELS[kind](**few), on_skip=None)
    assert {each["status"] for each in results} <= {"passed", "skipped"}
    assert sum(each["status"] == "passed" for each in results) > 50


@kinds
def test_every_engine_learns_and_scores_alike(kind: str, distinct_backend: Backend) -> None:
    frame, left = customers()
    some = distinct_backend.frame(frame.head(300).to_dict(as_series=False))
    found = fitted(kind).predict_proba(some)
    np.testing.assert_array_equal(found, fitted(kind).predict_proba(frame.head(300)))
    if distinct_backend.name == "duckdb":
        return
    whole = distinct_backend.frame(frame.to_dict(as_series=False))
    again = clone(fitted(kind)).fit(whole, left)
    np.testing.assert_array_equal(again.predict_proba(some), found)


@kinds
def test_the_order_of_rows_and_columns_does_not_matter(kind: str) -> None:
    frame, _ = customers()
    order = np.random.default_rng(0).permutation(len(frame))
    turned = frame.select(reversed(frame.columns))[order]
    np.testing.assert_array_equal(
        fitted(kind).predict_proba(turned), fitted(kind).predict_proba(frame)[order]
    )


@kinds
def test_what_is_stored_predicts_to_the_same_bit(kind: str) -> None:
    frame, _ = customers()
    again = ChurnClassifier.from_json(fitted(kind).to_json())
    assert type(again) is MODELS[kind]
    assert again.to_json() == fitted(kind).to_json()
    np.testing.assert_array_equal(again.predict_proba(frame), fitted(kind).predict_proba(frame))
    assert again.predict(frame).tolist() == fitted(kind).predict(frame).tolist()


@kinds
def test_columns_that_say_nothing_change_nothing(kind: str) -> None:
    draw = np.random.default_rng(0)
    rows = 300
    told = pl.DataFrame({"plan": draw.choice(["a", "b"], rows), "use": draw.normal(size=rows)})
    left = (told["use"].to_numpy() + draw.normal(size=rows) > 0).astype(int)
    # Text before numbers, as no model keeps them.
    frame = told.select(
        pl.lit("x").alias("one_text"),
        pl.lit(None, dtype=pl.String).alias("no_text"),
        "plan",
        pl.lit(1.0).alias("one_number"),
        pl.lit(None, dtype=pl.Float64).alias("no_number"),
        "use",
    )
    quick = QUICK.get(kind, {}) | ({"column_share": 1.0} if kind == "boosted" else {})
    model = MODELS[kind](**quick).fit(frame, left)
    again = MODELS[kind].from_json(model.to_json())
    assert [column.name for column in model.columns_] == frame.columns
    expected = MODELS[kind](**quick).fit(told, left).predict_proba(told)
    np.testing.assert_allclose(model.predict_proba(frame), expected, atol=1e-7)
    assert (again.predict_proba(frame) == model.predict_proba(frame)).all()


@kinds
def test_a_model_of_an_array_is_stored_too(kind: str) -> None:
    frame, left = customers()
    matrix = frame.select("tenure", "calls").to_numpy().astype(float)
    model = MODELS[kind](**QUICK.get(kind, {})).fit(matrix, left)
    again = MODELS[kind].from_json(model.to_json())
    np.testing.assert_array_equal(again.predict_proba(matrix), model.predict_proba(matrix))
    with pytest.raises(SchemaDriftError, match="has learnt from an array"):
        again.predict_proba(frame)


@kinds
def test_a_damaged_file_is_refused(kind: str) -> None:
    content = json.loads(fitted(kind).to_json())
    del content["state"]["columns_"]
    with pytest.raises(EstimatorFormatError, match="damaged: columns_"):
        ChurnClassifier.from_json(json.dumps(content))


@kinds
def test_labels_may_be_words(kind: str) -> None:
    frame, left = customers()
    words = np.where(left == 1, "yes", "no")
    model = clone(fitted(kind)).fit(frame, words)
    assert model.classes_.tolist() == ["no", "yes"]
    assert set(model.predict(frame)) <= {"no", "yes"}
    np.testing.assert_allclose(
        model.predict_proba(frame), fitted(kind).predict_proba(frame), rtol=1e-9
    )


@kinds
def test_it_is_a_step_of_a_pipeline(kind: str) -> None:
    frame, left = customers()
    model = make_pipeline("passthrough", clone(fitted(kind))).fit(frame, left)
    assert model.predict_proba(frame).shape == (len(frame), 2)


@kinds
def test_a_table_unlike_the_one_it_learnt_from(kind: str) -> None:
    frame, left = customers()
    model = fitted(kind)
    with pytest.raises(SchemaDriftError, match="lacks 'plan', which the model looks at"):
        model.predict_proba(frame.drop("plan"))
    with pytest.raises(SchemaDriftError, match="'tenure' holds text, and held numbers"):
        model.predict_proba(frame.with_columns(pl.col("tenure").cast(pl.String)))
    whole = MODELS[kind](**QUICK.get(kind, {})).fit(frame.select(FEATURES), left)
    with pytest.raises(ValueError, match="feature names should match"):
        whole.predict_proba(frame)
    with pytest.raises(ParameterError, match="features names columns of a frame"):
        model.predict_proba(np.zeros((2, 6)))


@kinds
def test_nulls_where_none_were_are_scored(kind: str) -> None:
    frame, _ = customers()
    empty = frame.head(3).with_columns(
        *[pl.lit(None).cast(frame.schema[name]).alias(name) for name in FEATURES]
    )
    assert np.isfinite(fitted(kind).predict_proba(empty)).all()
    objects = pd.DataFrame({name: [None] * 3 for name in FEATURES})
    np.testing.assert_array_equal(
        fitted(kind).predict_proba(objects), fitted(kind).predict_proba(empty)
    )


@kinds
def test_what_cannot_be_learnt_from(kind: str) -> None:
    frame, left = customers()
    model = clone(fitted(kind))
    with pytest.raises(SingleClassError, match="all customers left, or none did"):
        model.fit(frame, np.zeros_like(left))
    with pytest.raises(ParameterError, match="X has 1,500 rows and y 3"):
        model.fit(frame, left[:3])
    with pytest.raises(ParameterError, match="y is None"):
        model.fit(frame, None)
    with pytest.raises(NotFittedError, match="is not fitted"):
        model.predict_proba(frame)
    with pytest.raises(ParameterError, match="has no rows"):
        model.fit(frame.head(0), left[:0])
    with pytest.raises(ParameterError, match="no columns"):
        clone(model).set_params(features=[]).fit(frame, left)


def test_three_labels_are_for_hazards() -> None:
    frame, left = customers()
    with pytest.raises(ParameterError, match="reasons are for HazardModel"):
        clone(fitted("scorecard")).fit(frame, np.arange(left.size) % 3)

"""Models that are calibrated by customers held out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit, logit
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import check_estimator
from tests.churn.models.tables import FEATURES, customers
from tests.conftest import Backend

from telcrm.churn.card import digest_of
from telcrm.churn.evaluation.calibration import brier
from telcrm.churn.models.calibrated import CalibratedModel
from telcrm.churn.models.calibration import calibrate
from telcrm.churn.models.formula_text import as_python
from telcrm.churn.models.scorecard import ScorecardModel
from telcrm.churn.models.spline_logistic import SplineLogisticModel
from telcrm.churn.storage.model_file import load_model, save_model
from telcrm.errors import (
    EstimatorFormatError,
    ModelContractError,
    ParameterError,
    SingleClassError,
)
from telcrm.testing import check_churn_model

CURVES = SplineLogisticModel(features=FEATURES)


def too_sure(size: int, seed: int) -> tuple[Any, Any]:
    """Six columns that say the same, which naive Bayes takes for six witnesses."""
    chance = np.random.default_rng(seed)
    risk = chance.normal(size=(size, 1))
    left = chance.random(size) < expit(risk[:, 0] - 1)
    return risk + chance.normal(scale=0.3, size=(size, 6)), left.astype(int)


@pytest.mark.slow
def test_scikit_learns_own_checks() -> None:
    # Of the ten customers of some checks, few leave.
    results = check_estimator(CalibratedModel(SplineLogisticModel(), folds=2), on_skip=None)
    assert {each["status"] for each in results} <= {"passed", "skipped"}
    assert sum(each["status"] == "passed" for each in results) > 50


def test_it_is_a_churn_model() -> None:
    model = CalibratedModel(ScorecardModel(), method="isotonic", folds=2)
    check_churn_model(model, inputs=["polars"])


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_it_puts_right_a_model_that_is_too_sure(method: str) -> None:
    matrix, left = too_sure(3000, 0)
    model = CalibratedModel(GaussianNB(), method=method).fit(matrix, left)
    before, after = model.gain_.before, model.gain_.after
    assert before.slope is not None
    assert before.slope < 0.4
    # Isotonic steps say 0 and 1 at their ends, which a line takes for too sure.
    assert after.slope == pytest.approx(1.0, abs=0.15 if method == "platt" else 0.3)
    assert after.expected_calibration_error < before.expected_calibration_error / 3
    assert after.brier < before.brier
    unseen, truth = too_sure(3000, 1)
    plain = GaussianNB().fit(matrix, left).predict_proba(unseen)[:, 1]
    found = model.predict_proba(unseen)
    assert brier(truth, found[:, 1]) < brier(truth, plain) - 0.01
    assert_allclose(found.sum(axis=1), 1.0)
    assert model.predict(unseen).tolist() == (found[:, 1] > 0.5).astype(int).tolist()


def test_it_is_scikit_learns_with_one_model_of_all() -> None:
    matrix, left = too_sure(1500, 2)
    own = CalibratedModel(GaussianNB(), method="isotonic").fit(matrix, left)
    assert own.n_features_in_ == 6
    theirs = CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=5, ensemble=False).fit(
        matrix, left
    )
    apart = own.predict_proba(matrix)[:, 1] - theirs.predict_proba(matrix)[:, 1]
    # The folds are drawn otherwise.
    assert np.abs(apart).mean() < 0.02


def test_the_map_is_learnt_from_customers_held_out() -> None:
    matrix, left = too_sure(400, 3)
    model = CalibratedModel(GaussianNB(), random_state=4).fit(matrix, left)
    on_own_training_data = calibrate(left, model.model_.predict_proba(matrix)[:, 1])
    assert model.calibration_ != on_own_training_data
    again = clone(model).fit(matrix, left)
    assert again.calibration_ == model.calibration_
    other = clone(model).set_params(random_state=5).fit(matrix, left)
    assert other.calibration_ != model.calibration_


def test_the_model_itself_is_cloned_and_learns_from_all() -> None:
    frame, left = customers()
    model = CalibratedModel(CURVES).fit(frame, left)
    assert not CURVES.is_fitted
    assert_allclose(
        model.model_.predict_proba(frame), clone(CURVES).fit(frame, left).predict_proba(frame)
    )


def test_a_formula_stays_a_formula() -> None:
    frame, left = customers()
    for inner in (CURVES, ScorecardModel(features=FEATURES)):
        model = CalibratedModel(inner).fit(frame, left)
        made: dict[str, Any] = {}
        exec(as_python(model.formula_, name="log_odds"), made)  # noqa: S102
        some = frame.head(40)
        by_hand = [made["log_odds"](row) for row in some.to_dicts()]
        assert_allclose(logit(model.predict_proba(some)[:, 1]), by_hand, rtol=1e-9, atol=1e-9)
    steps = CalibratedModel(CURVES, method="isotonic").fit(frame, left)
    assert not hasattr(steps, "formula_")
    assert not hasattr(CalibratedModel(CURVES), "formula_")


def test_customers_of_many_rows_stay_together() -> None:
    frame, left = customers()
    twice, labels = frame.vstack(frame), np.tile(left, 2)
    groups = np.tile(np.arange(left.size), 2)
    lone = CalibratedModel(CURVES, folds=3).fit(twice, labels)
    together = CalibratedModel(CURVES, folds=3).fit(twice, labels, groups=groups)
    # Whoever is told of twins in the training data looks better calibrated.
    assert lone.gain_.before.brier < together.gain_.before.brier


def test_every_engine_learns_alike(distinct_backend: Backend) -> None:
    frame, left = customers()
    if distinct_backend.name == "duckdb":
        return
    given = distinct_backend.frame(frame.to_dict(as_series=False))
    model = CalibratedModel(CURVES, folds=2).fit(given, left)
    expected = CalibratedModel(CURVES, folds=2).fit(frame, left).predict_proba(frame)
    assert_allclose(model.predict_proba(given), expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("inner", "method"),
    [
        (SplineLogisticModel(features=["tenure", "calls"]), "platt"),
        (ScorecardModel(features=["tenure", "calls"]), "isotonic"),
        (LogisticRegression(), "platt"),
        (CalibratedModel(ScorecardModel(features=["tenure"])), "isotonic"),
    ],
)
def test_it_is_stored_and_scores_to_the_same_bit(inner: Any, method: str, tmp_path: Path) -> None:
    if isinstance(inner, LogisticRegression):
        pytest.importorskip("skops")
    frame, left = customers()
    table = frame.select("tenure", "calls")
    model = CalibratedModel(inner, method=method, folds=3, random_state=7).fit(table, left)
    saved = save_model(model, tmp_path / "model.json")
    again = load_model(tmp_path / "model.json")
    assert saved.kind == "calibrated"
    np.testing.assert_array_equal(again.predict_proba(table), model.predict_proba(table))
    assert again.calibration_ == model.calibration_
    assert again.gain_ == model.gain_
    assert (again.method, again.folds, again.random_state) == (method, 3, 7)


def test_what_cannot_be_stored_and_what_was_changed(tmp_path: Path) -> None:
    pytest.importorskip("skops")
    matrix, left = too_sure(300, 0)
    with pytest.raises(
        EstimatorFormatError, match="KNeighborsClassifier, which is not on the list"
    ):
        save_model(CalibratedModel(KNeighborsClassifier()).fit(matrix, left), tmp_path / "no.json")
    path = tmp_path / "model.json"
    save_model(CalibratedModel(SplineLogisticModel()).fit(matrix, left), path)
    content = json.loads(path.read_text())
    content["state"]["calibration"]["slope"] = None
    del content["digest"]
    content["digest"] = digest_of(content)
    path.write_text(json.dumps(content))
    with pytest.raises(EstimatorFormatError, match="not that of a calibrated model"):
        load_model(path)


def test_what_cannot_be_calibrated() -> None:
    matrix, left = too_sure(200, 0)
    model = CalibratedModel(LogisticRegression())
    with pytest.raises(SingleClassError, match="all customers left, or none did"):
        model.fit(matrix, np.zeros(200))
    with pytest.raises(ParameterError, match="y holds 3 labels"):
        model.fit(matrix, np.arange(200) % 3)
    with pytest.raises(ParameterError, match="there are 3 leavers only"):
        model.fit(matrix, np.arange(200) < 3)
    with pytest.raises(ParameterError, match="folds is 1"):
        CalibratedModel(LogisticRegression(), folds=1).fit(matrix, left)
    with pytest.raises(ParameterError, match="random_state is -1"):
        CalibratedModel(LogisticRegression(), random_state=-1).fit(matrix, left)
    with pytest.raises(ParameterError, match="method='beta'"):
        CalibratedModel(LogisticRegression(), method="beta").fit(matrix, left)
    with pytest.raises(ModelContractError, match="LinearSVC has no predict_proba"):
        CalibratedModel(LinearSVC()).fit(matrix, left)

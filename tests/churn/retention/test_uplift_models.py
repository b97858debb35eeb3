"""Both learners of uplift: what they learn, what they refuse, and honest predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeRegressor

from telcrm.churn.retention.cross_fit_uplift import cross_fit_uplift
from telcrm.churn.retention.transformed_outcome_uplift import TransformedOutcomeUplift
from telcrm.churn.retention.trial import read_trial
from telcrm.churn.retention.two_model_uplift import TwoModelUplift
from telcrm.churn.retention.uplift_model import UpliftModel
from telcrm.errors import (
    ChurnError,
    ModelContractError,
    NotFittedError,
    ParameterError,
    ScoreError,
    SingleClassError,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def trial(n: int = 6_000, *, propensity: float = 0.5, seed: int = 0) -> tuple[Floats, Ints, Ints]:
    """Four groups whose chances to stay are known; see ``EFFECTS``."""
    chance = np.random.default_rng(seed)
    x = chance.integers(0, 2, (n, 2)).astype(float)
    w = (chance.random(n) < propensity).astype(np.int64)
    alone = 0.5 + 0.2 * x[:, 1]
    stay = alone + w * effect(x)
    return x, (chance.random(n) < stay).astype(np.int64), w


def effect(x: Floats) -> Floats:
    return 0.25 * x[:, 0] - 0.15 * (1 - x[:, 0])


MODELS: dict[str, UpliftModel] = {
    "two models": TwoModelUplift(LogisticRegression()),
    "two models in a pipeline": TwoModelUplift(
        make_pipeline(StandardScaler(), LogisticRegression())
    ),
    "transformed class": TransformedOutcomeUplift(LogisticRegression()),
    "transformed outcome": TransformedOutcomeUplift(LinearRegression()),
    "transformed outcome by a tree": TransformedOutcomeUplift(
        DecisionTreeRegressor(max_depth=2, random_state=0)
    ),
}
models = pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))


@models
def test_the_effect_is_learnt(model: UpliftModel) -> None:
    n = 40_000
    x, y, w = trial(n)
    found = clone(model).fit(x, y, w).predict_uplift(x)
    # Four standard errors of the mean of the transformed outcome, which is 0, 2 or -2, in a cell.
    assert np.abs(found - effect(x)).max() < 4 * np.sqrt(4 * 0.75 / (n / 4))


@pytest.mark.parametrize("propensity", [0.15, 0.7])
def test_an_unequal_propensity_is_allowed_for(propensity: float) -> None:
    x, y, w = trial(20_000, propensity=propensity, seed=1)
    known = TransformedOutcomeUplift(LinearRegression(), propensity=propensity).fit(x, y, w)
    assert np.abs(known.predict_uplift(x) - effect(x)).max() < 0.08
    counted = TransformedOutcomeUplift(LinearRegression()).fit(x, y, w)
    assert counted.propensity_ == pytest.approx(w.mean())
    assert (
        np.abs(
            TwoModelUplift(LogisticRegression()).fit(x, y, w).predict_uplift(x) - effect(x)
        ).max()
        < 0.08
    )


def test_the_mean_of_the_transformed_outcome_is_the_difference_of_the_arms() -> None:
    x, y, w = trial(500, propensity=0.3)
    model = TransformedOutcomeUplift(DecisionTreeRegressor(max_depth=1, min_samples_leaf=500))
    found = model.fit(x, y, w).predict_uplift(x)
    assert found == pytest.approx(y[w == 1].mean() - y[w == 0].mean())


def test_classifier_and_regressor_agree_on_the_transformed_class() -> None:
    x, y, w = trial(4_000)
    by_class = TransformedOutcomeUplift(LogisticRegression(C=1e6), propensity=0.5).fit(x, y, w)
    by_value = TransformedOutcomeUplift(LinearRegression(), propensity=0.5).fit(x, y, w)
    assert np.abs(by_class.predict_uplift(x) - by_value.predict_uplift(x)).max() < 0.05


@models
@pytest.mark.parametrize("library", [pl.DataFrame, pd.DataFrame])
def test_frames_and_arrays_give_the_same(model: UpliftModel, library: Any) -> None:
    x, y, w = trial(800)
    frame = library({"youth": x[:, 0], "happy": x[:, 1]})
    if library is pd.DataFrame:
        frame.index = np.arange(800)[::-1]
    by_frame = clone(model).fit(frame, y, w).predict_uplift(frame)
    by_array = clone(model).fit(x, y, w).predict_uplift(x)
    np.testing.assert_allclose(by_frame, by_array)


@models
def test_models_are_estimators_of_scikit_learn(model: UpliftModel) -> None:
    assert isinstance(model, UpliftModel)
    copy = clone(model)
    assert copy is not model
    assert set(copy.get_params(deep=False)) == set(model.get_params(deep=False))  # type: ignore[attr-defined]
    with pytest.raises(NotFittedError, match="fit\\(X, y, treatment\\)"):
        copy.predict_uplift(np.zeros((1, 2)))
    x, y, w = trial(400)
    assert copy.fit(x, y, w) is copy
    found = copy.predict_uplift(x)
    assert found.shape == (400,)
    assert (np.abs(found) <= 1).all()


def test_parameters_reach_the_estimator_inside() -> None:
    model = TwoModelUplift(LogisticRegression()).set_params(estimator__C=0.5)
    x, y, w = trial(400)
    assert model.fit(x, y, w).control_.C == 0.5
    assert not hasattr(model.estimator, "coef_")


@models
@pytest.mark.parametrize("only", [0, 1])
def test_one_arm_is_refused(model: UpliftModel, only: int) -> None:
    x, y, _ = trial(100)
    with pytest.raises(ChurnError, match="Pass both arms"):
        clone(model).fit(x, y, np.full(100, only))


@models
def test_one_outcome_is_refused(model: UpliftModel) -> None:
    x, y, w = trial(100)
    with pytest.raises(SingleClassError, match="nothing to learn"):
        clone(model).fit(x, np.ones_like(y), w)


def test_an_arm_of_one_outcome_is_refused_where_it_has_its_own_model() -> None:
    x, y, w = trial(100)
    with pytest.raises(SingleClassError, match="control arm"):
        TwoModelUplift(LogisticRegression()).fit(x, np.where(w == 0, 1, y), w)
    with pytest.raises(SingleClassError, match="turned around"):
        TransformedOutcomeUplift(LogisticRegression(), propensity=0.5).fit(x, w, w)


@models
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda x, y, w: (x, y[:-1], w), "y has the shape"),
        (lambda x, y, w: (x, y, w[:-1]), "treatment has the shape"),
        (lambda x, y, w: (x, np.where(y == 1, np.nan, 0.0), w), "y holds .*nan"),
        (lambda x, y, w: (x, y * 2, w), "y holds .*2"),
        (lambda x, y, w: (x, y, w - 1), "treatment holds .*-1"),
        (lambda x, y, w: (x, np.where(y == 1, "yes", "no"), w), "y holds .*(yes|no)"),
    ],
)
def test_what_is_no_trial_is_refused(model: UpliftModel, change: Any, says: str) -> None:
    with pytest.raises(ScoreError, match=says):
        clone(model).fit(*change(*trial(100)))


@pytest.mark.parametrize("propensity", [0.0, 1.0, -0.1, float("nan"), "half"])
def test_a_propensity_outside_its_range_is_refused(propensity: Any) -> None:
    with pytest.raises(ParameterError, match="propensity"):
        TransformedOutcomeUplift(LinearRegression(), propensity=propensity).fit(*trial(100))


@pytest.mark.parametrize("propensity", [None, 0.2])
def test_a_classifier_needs_a_fair_coin(propensity: float | None) -> None:
    data = trial(2_000, propensity=0.2)
    with pytest.raises(ParameterError, match="Pass a regressor"):
        TransformedOutcomeUplift(LogisticRegression(), propensity=propensity).fit(*data)


def test_an_estimator_without_probabilities_is_refused() -> None:
    for model in (TwoModelUplift(LinearSVC()), TransformedOutcomeUplift(LinearSVC())):
        with pytest.raises(ModelContractError, match="LinearSVC has no predict_proba"):
            model.fit(*trial(100))
    with pytest.raises(ModelContractError, match="no predict"):
        TransformedOutcomeUplift(StandardScaler()).fit(*trial(100))


class Memory:
    """Remembers the uplift of the rows it has seen, and has no idea of others."""

    def __init__(self) -> None:
        self.seen: set[float] = set()

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002
        return {}

    def fit(self, X: Any, y: Any, treatment: Any) -> Memory:  # noqa: ARG002, N803
        self.seen = set(X[:, 0].tolist())
        return self

    def predict_uplift(self, X: Any) -> Floats:  # noqa: N803
        return np.array([1.0 if each in self.seen else 0.0 for each in X[:, 0].tolist()])


def test_cross_fitting_asks_only_models_that_have_not_seen_the_row() -> None:
    n = 200
    chance = np.random.default_rng(2)
    x = np.arange(n, dtype=float)[:, None]
    y, w = chance.integers(0, 2, n), chance.integers(0, 2, n)
    assert (Memory().fit(x, y, w).predict_uplift(x) == 1.0).all()
    assert (cross_fit_uplift(Memory(), x, y, w, random_state=0) == 0.0).all()


@models
def test_cross_fitting_is_honest_and_repeatable(model: UpliftModel) -> None:
    x, y, w = trial(12_000)
    first = cross_fit_uplift(model, x, y, w, n_splits=3, random_state=7)
    np.testing.assert_array_equal(
        first, cross_fit_uplift(model, x, y, w, n_splits=3, random_state=7)
    )
    assert np.corrcoef(first, effect(x))[0, 1] > 0.9
    assert not hasattr(model, "control_")
    assert not hasattr(model, "estimator_")


def test_too_few_rows_for_the_folds_are_refused() -> None:
    x = np.zeros((8, 1))
    y, w = np.array([0, 0, 0, 0, 0, 0, 1, 1]), np.array([0, 1] * 4)
    with pytest.raises(ParameterError, match="fewer than n_splits=2"):
        cross_fit_uplift(MODELS["two models"], x, y, w, n_splits=2, random_state=0)
    with pytest.raises(ParameterError, match="n_splits is 1"):
        cross_fit_uplift(MODELS["two models"], x, y, w, n_splits=1, random_state=0)


def test_columns_of_frames_may_be_outcome_and_treatment() -> None:
    frame = pl.DataFrame({"y": [True, False], "w": [1.0, 0.0]})
    found = read_trial(frame, frame["y"], frame["w"])
    assert found.outcome.tolist() == [1, 0]
    assert found.treated.tolist() == [True, False]

"""Votes of several models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.svm import LinearSVC
from tests.churn.models.tables import FEATURES, customers

from telcrm.churn.models.scorecard import ScorecardModel
from telcrm.churn.models.spline_logistic import SplineLogisticModel
from telcrm.churn.models.vote import SoftVoteModel
from telcrm.errors import ModelContractError, ParameterError

MODELS = {
    "curves": SplineLogisticModel(features=FEATURES),
    "card": ScorecardModel(features=["tenure", "plan"]),
}


def test_a_vote_is_the_weighted_mean() -> None:
    frame, left = customers()
    parts = [model.fit(frame, left).predict_proba(frame)[:, 1] for model in MODELS.values()]
    vote = SoftVoteModel(MODELS, weights=[3, 1]).fit(frame, left)
    assert_allclose(vote.predict_proba(frame)[:, 1], 0.75 * parts[0] + 0.25 * parts[1])
    assert vote.predict(frame).tolist() == (vote.predict_proba(frame)[:, 1] > 0.5).tolist()


def test_its_models_are_cloned() -> None:
    frame, left = customers()
    fresh = {name: clone(model) for name, model in MODELS.items()}
    SoftVoteModel(fresh).fit(frame, left)
    assert not any(model.is_fitted for model in fresh.values())


@pytest.mark.parametrize(
    ("models", "weights"),
    [({}, None), (MODELS, [1.0]), (MODELS, [0.0, 0.0]), (MODELS, [1.0, -1.0])],
)
def test_votes_that_cannot_be(models: Any, weights: Any) -> None:
    frame, left = customers()
    with pytest.raises(ParameterError, match="model"):
        SoftVoteModel(models, weights=weights).fit(frame, left)


def test_a_model_without_probabilities() -> None:
    matrix = np.arange(20.0)[:, None]
    vote = SoftVoteModel({"svc": LinearSVC()}).fit(matrix, [0, 1] * 10)
    with pytest.raises(ModelContractError, match="LinearSVC has no predict_proba"):
        vote.predict_proba(matrix)

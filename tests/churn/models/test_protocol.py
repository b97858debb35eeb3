"""What any churn model has to give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from telcrm.churn.models.protocol import ChurnModel, churn_probability
from telcrm.churn.models.spline_logistic import SplineLogisticModel
from telcrm.errors import ModelContractError


class Says:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def predict_proba(self, _: Any) -> Any:
        return self.answer


def test_scikit_learns_classifiers_are_churn_models() -> None:
    fitted = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    assert isinstance(fitted, ChurnModel)
    ours = SplineLogisticModel().fit(np.arange(20.0)[:, None], [0, 1] * 10)
    assert isinstance(ours, ChurnModel)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([0.1, 0.2], r"of shape \(2,\)"),
        ([[0.1, 0.2, 0.7]], r"of shape \(1, 3\)"),
        ([[0.5, np.nan]], "outside 0 to 1, or NaN"),
        ([[-0.5, 1.5]], "outside 0 to 1, or NaN"),
    ],
)
def test_answers_that_are_no_probabilities(answer: Any, words: str) -> None:
    with pytest.raises(ModelContractError, match=words):
        churn_probability(Says(answer), None)  # type: ignore[arg-type]


def test_no_probabilities_at_all() -> None:
    with pytest.raises(ModelContractError, match="object has no predict_proba"):
        churn_probability(object(), None)  # type: ignore[arg-type]

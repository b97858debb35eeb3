"""Uplift as the difference of two models, one for each arm of a trial."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from telcrm.churn.retention.trial import Trial, refuse_one_class, take_rows
from telcrm.churn.retention.uplift_learner import UpliftLearner

__all__ = ["TwoModelUplift"]


class TwoModelUplift(UpliftLearner):
    """Uplift as the difference of two models, one for each arm of a trial: the T-learner.

    Parameters
    ----------
    estimator : classifier
        With ``predict_proba``; it is cloned for each arm.

    Attributes
    ----------
    treated_, control_ : classifier
        Fitted on those who were contacted, and on the others.

    Notes
    -----
    ``P(y = 1 | X, contacted) - P(y = 1 | X, left alone)``. Each model sees its own arm only, so
    that errors of the two add up: prefer smooth, well regularised estimators.

    References
    ----------
    N. J. Radcliffe, P. D. Surry (1999), "Differential Response Analysis", Credit Scoring and Credit
    Control VI. S. R. Kuenzel, J. S. Sekhon, P. J. Bickel, B. Yu (2019), "Metalearners for
    estimating heterogeneous treatment effects using machine learning", Proceedings of the National
    Academy of Sciences 116(10), 4156-4165.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> X = np.array([[0.0], [0.0], [1.0], [1.0]] * 50)
    >>> contacted = np.array([0, 1] * 100)
    >>> stayed = np.tile([0, 1, 1, 0, 1, 0, 0, 1], 25)
    >>> model = TwoModelUplift(LogisticRegression()).fit(X, stayed, contacted)
    >>> model.predict_uplift(X[:4]).shape
    (4,)
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def _learn(self, X: Any, trial: Trial) -> None:  # noqa: N803
        arms = {"treated": trial.treated, "control": ~trial.treated}
        for name, arm in arms.items():
            refuse_one_class(trial.outcome[arm], f"rows of the {name} arm")
        self.treated_, self.control_ = (
            clone(self.estimator).fit(take_rows(X, rows), trial.outcome[rows])
            for rows in map(np.flatnonzero, arms.values())
        )

    def _uplift(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        contacted = self.treated_.predict_proba(X)[:, 1]
        alone = self.control_.predict_proba(X)[:, 1]
        return np.asarray(contacted - alone, dtype=np.float64)

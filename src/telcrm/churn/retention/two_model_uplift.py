"""Uplift as the difference of two models, one for each arm of a trial."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone

from telcrm.churn.retention.trial import read_trial, refuse_one_class, take_rows
from telcrm.errors import ModelContractError, NotFittedError

__all__ = ["TwoModelUplift"]


class TwoModelUplift(BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
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

    def fit(self, X: Any, y: ArrayLike, treatment: ArrayLike) -> Self:  # noqa: N803
        """Learn both models.

        Parameters
        ----------
        X : frame or array of shape (n, features)
        y : array of shape (n,), 0 or 1
            1 is the outcome that is wanted: the customer stayed.
        treatment : array of shape (n,), 0 or 1
            1 for those who were contacted.

        Returns
        -------
        Self

        Raises
        ------
        ScoreError
            ``y`` or ``treatment`` is of another length than ``X``, or holds anything but 0 and 1.
        ChurnError
            There is one arm only.
        SingleClassError
            All outcomes of an arm are equal.
        ModelContractError
            The estimator has no ``predict_proba``.
        """
        if not hasattr(self.estimator, "predict_proba"):
            raise ModelContractError(
                f"TwoModelUplift: {type(self.estimator).__name__} has no predict_proba. Pass a "
                "classifier that gives probabilities.",
                estimator=type(self.estimator).__name__,
            )
        trial = read_trial(X, y, treatment)
        arms = {"treated_": trial.treated, "control_": ~trial.treated}
        for name, arm in arms.items():
            refuse_one_class(trial.outcome[arm], f"rows of the {name.strip('_')} arm")
        for name, arm in arms.items():
            rows = np.flatnonzero(arm)
            fitted = clone(self.estimator).fit(take_rows(X, rows), trial.outcome[rows])
            setattr(self, name, fitted)
        return self

    def predict_uplift(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Return by how much a contact raises the chance that ``y`` is 1.

        Parameters
        ----------
        X : frame or array of shape (n, features)

        Returns
        -------
        array of shape (n,), from -1 to 1

        Raises
        ------
        NotFittedError
        """
        if not hasattr(self, "control_"):
            raise NotFittedError("this TwoModelUplift is not fitted. Call fit(X, y, treatment).")
        contacted = self.treated_.predict_proba(X)[:, 1]
        alone = self.control_.predict_proba(X)[:, 1]
        return np.asarray(contacted - alone, dtype=np.float64)

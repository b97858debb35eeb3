"""What learners of uplift share: a trial goes in, and uplift comes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from telcrm.churn.retention.trial import Trial, read_trial
from telcrm.errors import ModelContractError, NotFittedError

__all__ = ["UpliftLearner"]


class UpliftLearner(BaseEstimator, ABC):  # type: ignore[misc] # scikit-learn has no types
    """A model of uplift around an estimator of scikit-learn, which it clones.

    A class derives from it, and says how to learn from a checked
    :class:`~telcrm.churn.retention.trial.Trial` and how to tell uplift; what it has learnt ends in
    ``_``.

    Attributes
    ----------
    estimator : object
        As it was passed.
    """

    _takes: ClassVar[str] = "a classifier that gives probabilities"

    estimator: Any

    @abstractmethod
    def _learn(self, X: Any, trial: Trial) -> None:  # noqa: N803
        """Learn from a trial."""

    @abstractmethod
    def _uplift(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Return the uplift of each row."""

    def _asked(self) -> str:
        """Return the method of the estimator whose answers are taken."""
        return "predict_proba"

    def fit(self, X: Any, y: ArrayLike, treatment: ArrayLike) -> Self:  # noqa: N803
        """Learn from a trial.

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
            All outcomes that a model is to learn from are equal.
        ParameterError
            A parameter is out of its range, or does not go with the trial.
        ModelContractError
            The estimator lacks the method that is asked for uplift.
        """
        method = self._asked()
        if not hasattr(self.estimator, method):
            raise ModelContractError(
                f"{type(self).__name__}: {type(self.estimator).__name__} has no {method}. Pass "
                f"{self._takes}.",
                estimator=type(self.estimator).__name__,
            )
        self._learn(X, read_trial(X, y, treatment))
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
        if not any(name.endswith("_") for name in vars(self)):
            name = type(self).__name__
            raise NotFittedError(
                f"this {name} is not fitted. Call fit(X, y, treatment).", estimator=name
            )
        return np.asarray(self._uplift(X), dtype=np.float64)

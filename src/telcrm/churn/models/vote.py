"""Several models as one: the mean of their probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from telcrm.churn.models.protocol import ChurnModel, churn_probability
from telcrm.errors import ParameterError

__all__ = ["SoftVoteModel"]

Floats = NDArray[np.float64]


class SoftVoteModel(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The weighted mean of the probabilities of several models.

    scikit-learn's ``VotingClassifier`` does the same for arrays; this one hands frames on as they
    are, so that its models may look at different columns of them.

    Parameters
    ----------
    models : mapping of str to ChurnModel
        Unfitted; they are cloned.
    weights : sequence of float, optional
        One for each model, 0 or more, with a positive sum; equal by default.

    Attributes
    ----------
    models_ : dict of str to ChurnModel
        Fitted.
    classes_ : array of shape (2,)

    Examples
    --------
    >>> import polars as pl
    >>> from sklearn.dummy import DummyClassifier
    >>> from telcrm.churn.models.spline_logistic import SplineLogisticModel
    >>> vote = SoftVoteModel({"curves": SplineLogisticModel(), "all alike": DummyClassifier()})
    >>> customers = pl.DataFrame({"tenure": [1.0, 2.0, 30.0, 40.0] * 10})
    >>> chance = vote.fit(customers, [1, 1, 0, 0] * 10).predict_proba(customers)[:, 1]
    >>> bool(0.5 < chance[0] < 0.8)
    True
    """

    def __init__(
        self, models: Mapping[str, ChurnModel], *, weights: Sequence[float] | None = None
    ) -> None:
        self.models = models
        self.weights = weights

    def fit(self, X: Any, y: ArrayLike) -> Self:  # noqa: N803
        """Fit a clone of each model.

        Parameters
        ----------
        X : dataframe or array
        y : array of shape (n,)

        Returns
        -------
        Self

        Raises
        ------
        ParameterError
            There is no model, or weights do not go with them.
        """
        self._shares()
        self.models_ = {name: clone(model).fit(X, y) for name, model in self.models.items()}
        self.classes_ = next(iter(self.models_.values())).classes_
        return self

    def _shares(self) -> Floats:
        if not self.models:
            message = "models is empty. Name one model or more."
            raise ParameterError(message)
        if self.weights is None:
            return np.full(len(self.models), 1.0 / len(self.models))
        given = np.asarray(self.weights, dtype=np.float64)
        if given.shape != (len(self.models),) or not (given >= 0).all() or not given.sum() > 0:
            raise ParameterError(
                f"weights has {given.size} numbers for {len(self.models)} models. Pass one for "
                "each, 0 or more, not all of them 0.",
                weights=list(self.weights),
            )
        shares: Floats = given / given.sum()
        return shares

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """Return the probabilities that each customer stays, and leaves.

        Parameters
        ----------
        X : dataframe or array

        Returns
        -------
        array of shape (n, 2)

        Raises
        ------
        NotFittedError
            scikit-learn's.
        ModelContractError
            A model gives no probabilities.
        """
        check_is_fitted(self)
        parts = [churn_probability(model, X) for model in self.models_.values()]
        chance = self._shares() @ np.array(parts)
        return np.column_stack([1.0 - chance, chance])

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Return the likelier label of each customer.

        Parameters
        ----------
        X : dataframe or array

        Returns
        -------
        array of shape (n,)

        Raises
        ------
        NotFittedError, ModelContractError
        """
        likely = self.predict_proba(X)[:, 1] > 0.5
        return np.asarray(self.classes_)[likely.astype(np.intp)]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

"""What a model of uplift can do, whoever wrote it."""

from __future__ import annotations

from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["UpliftModel"]


@runtime_checkable
class UpliftModel(Protocol):
    """Learns from a trial by how much a contact raises the chance of the outcome that is wanted.

    ``X`` is a pandas or Polars frame or an array of two dimensions, as the estimators inside take
    it. An instance has ``get_params``, so that scikit-learn's ``clone`` makes fresh copies.
    """

    def fit(self, X: Any, y: ArrayLike, treatment: ArrayLike) -> Self:  # noqa: N803
        """Learn from a trial.

        Parameters
        ----------
        X : frame or array of shape (n, features)
        y : array of shape (n,), 0 or 1
            1 is the outcome that is wanted: the customer stayed. From a column ``churned`` it is
            ``1 - churned``.
        treatment : array of shape (n,), 0 or 1
            1 for those who were contacted.
        """
        ...

    def predict_uplift(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Return by how much a contact raises the chance that ``y`` is 1.

        Parameters
        ----------
        X : frame or array of shape (n, features)

        Returns
        -------
        array of shape (n,), from -1 to 1
        """
        ...

"""What a churn model has to do, whoever wrote it."""

from __future__ import annotations

from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telcrm.errors import ModelContractError

__all__ = ["ChurnModel", "churn_probability", "require_probabilities"]


@runtime_checkable
class ChurnModel(Protocol):
    """A classifier as scikit-learn knows it: any of its own, and any pipeline, is one.

    :func:`telcrm.testing.check_churn_model` tells the author of another whether it is.

    Attributes
    ----------
    classes_ : array of shape (2,)
        After ``fit``: the labels of who stayed and of who left, in this order.
    """

    classes_: NDArray[Any]

    def fit(self, X: Any, y: ArrayLike) -> Self:  # noqa: N803
        """Learn from a table, a row for each customer, and from who left: 0 or 1."""
        ...

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Return the chances of each customer to stay, and to leave: shape (n, 2)."""
        ...


def churn_probability(model: ChurnModel, X: Any) -> NDArray[np.float64]:  # noqa: N803
    """Return the chance to leave of each customer, of any churn model.

    Parameters
    ----------
    model : ChurnModel
        Fitted.
    X : dataframe or array
        As the model takes it.

    Returns
    -------
    array of shape (n,)

    Raises
    ------
    ModelContractError
        The model has no ``predict_proba``, or what it returns are no probabilities of two classes.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    >>> churn_probability(model, [[1.5]]).round(3).tolist()
    [0.5]
    """
    require_probabilities(model)
    found = np.asarray(model.predict_proba(X), dtype=np.float64)
    if found.ndim != 2 or found.shape[1] != 2:
        raise ModelContractError(
            f"{type(model).__name__}.predict_proba returned an array of shape {found.shape}, and "
            "has to return (n, 2): the chances to stay and to leave. Teach it two classes.",
            model=type(model).__name__,
            shape=found.shape,
        )
    # NaN is neither. Both columns are looked at, which takes half the time that one of them does.
    if not (found.min(initial=0.0) >= 0.0 and found.max(initial=1.0) <= 1.0):
        raise ModelContractError(
            f"{type(model).__name__}.predict_proba returned numbers outside 0 to 1, or NaN.",
            model=type(model).__name__,
        )
    chance: NDArray[np.float64] = found[:, 1]
    return chance


def require_probabilities(model: Any) -> None:
    """Refuse an object that has no ``predict_proba``.

    Parameters
    ----------
    model : object

    Raises
    ------
    ModelContractError
    """
    if not callable(getattr(model, "predict_proba", None)):
        raise ModelContractError(
            f"{type(model).__name__} has no predict_proba. Pass a classifier that gives "
            "probabilities; CalibratedClassifierCV of scikit-learn makes one of any other.",
            model=type(model).__name__,
        )

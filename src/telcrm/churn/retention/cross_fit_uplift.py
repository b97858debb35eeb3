"""Uplift of each customer of a trial, by a model that has not seen the customer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telcrm.churn.retention.trial import read_trial, take_rows
from telcrm.churn.retention.uplift_model import UpliftModel
from telcrm.domain.arguments import whole_between
from telcrm.errors import ParameterError

__all__ = ["cross_fit_uplift"]


def cross_fit_uplift(
    model: UpliftModel,
    X: Any,  # noqa: N803
    y: ArrayLike,
    treatment: ArrayLike,
    *,
    n_splits: int = 5,
    random_state: int,
) -> NDArray[np.float64]:
    """Return the uplift of each row of a trial, by a model that was fitted without it.

    Parameters
    ----------
    model : UpliftModel
        It is cloned for each fold, and stays as it is.
    X : frame or array of shape (n, features)
        One row per customer: a customer in two folds would be known to the model.
    y, treatment : array of shape (n,), 0 or 1
        As of :meth:`UpliftModel.fit`.
    n_splits : int, 2 or more
        Folds; each has the shares of arms and outcomes of the whole.
    random_state : int
        For the draw of the folds.

    Returns
    -------
    array of shape (n,), from -1 to 1
        Judge these, with ``y`` and ``treatment``: what a model says of its own training data looks
        better than it is.

    Raises
    ------
    ScoreError, ChurnError
        As :meth:`UpliftModel.fit` does.
    ParameterError
        ``n_splits`` or ``random_state`` is out of range, or fewer rows than folds are of one arm
        and outcome.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from telcrm.churn.retention.transformed_outcome_uplift import TransformedOutcomeUplift
    >>> X = np.array([[0.0], [0.0], [1.0], [1.0]] * 50)
    >>> contacted, stayed = np.array([0, 1] * 100), np.array([0, 0, 0, 1] * 25 + [1, 1, 0, 1] * 25)
    >>> model = TransformedOutcomeUplift(LinearRegression())
    >>> found = cross_fit_uplift(model, X, stayed, contacted, random_state=0)
    >>> found[2:4].round(1).tolist()
    [1.0, 1.0]
    """
    from sklearn.base import clone
    from sklearn.model_selection import StratifiedKFold

    folds = whole_between("n_splits", n_splits, 2)
    seed = whole_between("random_state", random_state, 0, 2**32 - 1)
    trial = read_trial(X, y, treatment)
    cell = 2 * trial.treated + trial.outcome
    least = int(np.bincount(cell, minlength=4).min())
    if least < folds:
        raise ParameterError(
            f"cross_fit_uplift: of one arm and outcome there are {least} rows, fewer than "
            f"n_splits={folds}. Take fewer folds, or more customers.",
            parameter="n_splits",
        )
    found = np.empty(cell.size)
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for learn, ask in splitter.split(cell, cell):
        fitted = clone(model).fit(
            take_rows(X, learn), trial.outcome[learn], trial.treated[learn].astype(np.int64)
        )
        found[ask] = fitted.predict_uplift(take_rows(X, ask))
    return found

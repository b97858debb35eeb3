"""The data of a trial, checked: who was contacted, who stayed, and what was known of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray

from telcrm.errors import ChurnError, ScoreError, SingleClassError

__all__ = ["Trial", "read_trial", "refuse_one_class", "take_rows"]


@dataclass(frozen=True, slots=True)
class Trial:
    """Outcome and treatment of each row.

    Attributes
    ----------
    outcome : array of int, 0 or 1
    treated : array of bool
    """

    outcome: NDArray[np.int64]
    treated: NDArray[np.bool_]


def refuse_one_class(outcome: NDArray[np.int64], rows: str) -> None:
    """Refuse outcomes that are all equal.

    Parameters
    ----------
    outcome : array of int
    rows : str
        What they are the outcomes of, for the message.

    Raises
    ------
    SingleClassError
    """
    found = np.unique(outcome)
    if found.size < 2:
        raise SingleClassError(
            f"trial: the outcome is {found[0]} in all {outcome.size:,} {rows}, so there is nothing "
            "to learn from. Take a longer outcome, or more customers.",
            rows=rows,
        )


def read_trial(X: Any, y: ArrayLike, treatment: ArrayLike) -> Trial:  # noqa: N803
    """Check outcome and treatment of a trial.

    Parameters
    ----------
    X : frame or array of shape (n, features)
    y, treatment : array of shape (n,), 0 or 1

    Returns
    -------
    Trial

    Raises
    ------
    ScoreError
        They are not as long as ``X``, or hold anything but 0 and 1.
    ChurnError
        There is no treated or no untreated row.

    Examples
    --------
    >>> read_trial([[1], [2]], [0, 1], [True, False]).treated.tolist()
    [True, False]
    """
    rows = len(X)
    outcome, treated = _binary("y", y, rows), _binary("treatment", treatment, rows) == 1
    for name, missing in (("treated", not treated.any()), ("untreated", bool(treated.all()))):
        if missing:
            raise ChurnError(
                f"trial: none of {rows:,} rows is {name}, so there is no effect to see. Pass both "
                "arms: those contacted and those held out at random.",
                rows=rows,
            )
    return Trial(outcome, treated)


def take_rows(X: Any, rows: NDArray[np.int64]) -> Any:  # noqa: N803
    """Return some rows of a frame, as a frame of its kind, or of an array.

    Parameters
    ----------
    X : frame or array of shape (n, features)
    rows : array of int

    Returns
    -------
    object

    Examples
    --------
    >>> import polars as pl
    >>> take_rows(pl.DataFrame({"a": [1, 2, 3]}), np.array([2, 0]))["a"].to_list()
    [3, 1]
    """
    frame: Any = nw.from_native(X, eager_only=True, pass_through=True)
    if isinstance(frame, nw.DataFrame):
        return frame[rows, :].to_native()
    return np.asarray(X)[rows]


def _binary(name: str, values: ArrayLike, rows: int) -> NDArray[np.int64]:
    given = np.asarray(values)
    if given.shape != (rows,):
        raise ScoreError(
            f"trial: {name} has the shape {given.shape}, and X has {rows:,} rows. Pass one value "
            "for each row.",
            argument=name,
        )
    try:
        numbers = given.astype(np.float64)
    except (TypeError, ValueError):
        numbers = np.full(rows, np.nan)
    wrong = ~np.isin(numbers, (0.0, 1.0))
    if wrong.any():
        raise ScoreError(
            f"trial: {name} holds {given[wrong][0]!r:.40} (first at row {int(np.argmax(wrong)):,})"
            ", and has to hold 0 and 1 only. Drop rows whose outcome is not known.",
            argument=name,
            rows=int(wrong.sum()),
        )
    return numbers.astype(np.int64)

"""Outcomes and scores of customers, read from whatever holds them, or refused."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telcrm.errors import ScoreError, SingleClassError

__all__ = ["Bools", "Floats", "Ints", "read_flags", "read_pair", "read_scores", "require_both"]

Bools: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

_NUMBERS: Final = "buif"


def read_flags(name: str, given: ArrayLike) -> Bools:
    """Return an array of 0 and 1 as one of flags.

    Parameters
    ----------
    name : str
        Of the argument, for the message.
    given : array-like of shape (n,)
        0, 1 or booleans.

    Returns
    -------
    array of bool, shape (n,)

    Raises
    ------
    ScoreError
        It is empty or of two dimensions, or holds NaN, null or anything else.

    Examples
    --------
    >>> read_flags("y_true", [1, 0]).tolist()
    [True, False]
    """
    values = _one_dimension(name, given)
    if values.dtype.kind == "b":
        return values
    flags: Bools = values == 1
    if not bool((flags | (values == 0)).all()):
        strange = values[~flags & (values != 0)]
        missing = int(np.isnan(strange).sum()) if strange.dtype.kind == "f" else 0
        wrong = f"{missing:,} of {values.size:,} are missing" if missing else f"found {strange[0]}"
        raise ScoreError(
            f"{name} has to be 0 or 1 (or booleans) for every customer: {wrong}. Drop those "
            "whose outcome is unknown, and code the others as 1 (left) and 0 (stayed).",
            parameter=name,
            missing=missing,
        )
    return flags


def read_scores(
    name: str, given: ArrayLike, customers: int, *, probabilities: bool = False
) -> Floats:
    """Return scores as floats.

    Parameters
    ----------
    name : str
        Of the argument, for the message.
    given : array-like of shape (customers,)
    customers : int
        How many there have to be.
    probabilities : bool
        Refuse what is outside 0 and 1.

    Returns
    -------
    array of float64, shape (customers,)

    Raises
    ------
    ScoreError
        They are missing, infinite, no numbers, of another length, or no probabilities.

    Examples
    --------
    >>> read_scores("y_score", [0.2, 0.9], 2).tolist()
    [0.2, 0.9]
    """
    scores = np.asarray(_one_dimension(name, given), dtype=np.float64)
    if scores.size != customers:
        raise ScoreError(
            f"{name} holds {scores.size:,} values for {customers:,} customers. Give one each, in "
            "the same order.",
            parameter=name,
            found=scores.size,
            wanted=customers,
        )
    finite = np.isfinite(scores)
    if not finite.all():
        bad = int(customers - finite.sum())
        raise ScoreError(
            f"{name} is NaN or infinite for {bad:,} of {customers:,} customers, the first at place "
            f"{int(np.argmin(finite))}. Score them, or drop them from every array.",
            parameter=name,
            count=bad,
        )
    if probabilities and not (scores.min() >= 0.0 and scores.max() <= 1.0):
        raise ScoreError(
            f"{name} lies between {scores.min():.6g} and {scores.max():.6g}, and has to be "
            "probabilities from 0 to 1. Pass predict_proba(X)[:, 1], or calibrate the scores; "
            "metrics of ranks and profit also take plain scores: evaluate(..., "
            "probabilities=False).",
            parameter=name,
            least=float(scores.min()),
            greatest=float(scores.max()),
        )
    return scores


def read_pair(
    y_true: ArrayLike, y_score: ArrayLike, *, probabilities: bool = False
) -> tuple[Bools, Floats]:
    """Return outcomes and scores of the same customers, some of whom left and some stayed.

    Parameters
    ----------
    y_true, y_score : array-like of shape (n_customers,)
    probabilities : bool
        Refuse scores outside 0 and 1.

    Returns
    -------
    (array of bool, array of float64)

    Raises
    ------
    ScoreError
        As :func:`read_flags` and :func:`read_scores` say.
    SingleClassError
        All left, or none did.

    Examples
    --------
    >>> [part.tolist() for part in read_pair([0, 1], [0.2, 0.9])]
    [[False, True], [0.2, 0.9]]
    """
    churned = read_flags("y_true", y_true)
    scores = read_scores("y_score", y_score, churned.size, probabilities=probabilities)
    require_both("y_true", churned)
    return churned, scores


def require_both(name: str, flags: Bools) -> None:
    """Refuse flags that are all alike.

    Parameters
    ----------
    name : str
        Of the argument, for the message.
    flags : array of bool

    Raises
    ------
    SingleClassError
    """
    ones = int(np.count_nonzero(flags))
    if ones in {0, flags.size}:
        raise SingleClassError(
            f"{name} is {1 if ones else 0} for all {flags.size:,} customers, so that nothing can "
            "be told apart. Take more customers, or a longer outcome window.",
            parameter=name,
            customers=flags.size,
        )


def _one_dimension(name: str, given: ArrayLike) -> NDArray[Any]:
    values = np.asarray(given)
    if values.ndim != 1 or not values.size:
        raise ScoreError(
            f"{name} has the shape {values.shape}, and has to hold one value for each customer. "
            "Of predict_proba(X), pass the column of those who leave: [:, 1].",
            parameter=name,
            shape=values.shape,
        )
    if values.dtype.kind in _NUMBERS:
        return values
    try:
        # Text of digits would be read as numbers.
        if values.dtype.kind == "O" and not any(isinstance(each, str) for each in values):
            return values.astype(np.float64)
    except (TypeError, ValueError):
        pass
    raise ScoreError(
        f"{name} holds {values.dtype} values such as {values[0]!r:.40}, and has to hold numbers "
        "without nulls. Convert them first.",
        parameter=name,
        dtype=str(values.dtype),
    )

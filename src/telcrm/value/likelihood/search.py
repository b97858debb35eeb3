"""From rows of customers to the most likely parameters: a part of them first, then all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telcrm.value.likelihood.maximize import Maximum, maximize
from telcrm.value.likelihood.terms import Design, Term, objective_of

__all__ = ["most_likely"]

Floats = NDArray[np.float64]

_PART: Final = 10_000


def most_likely(
    terms: Callable[[NDArray[np.intp] | None], Sequence[Term]],
    rows: int,
    design: Design,
    start: Floats,
    *,
    lower: Floats,
    upper: Floats,
) -> Maximum:
    """Find the most likely parameters.

    Parameters
    ----------
    terms : callable
        From the places of some rows, or None for all, to their log-likelihood.
    rows : int
        How many there are.
    design : Design
    start, lower, upper : array of shape (k,)

    Returns
    -------
    Maximum

    Raises
    ------
    UnidentifiedModelError
        The likelihood is not finite at ``start``.

    Notes
    -----
    Of many rows, a random part is fitted first, always the same places. Its answer is so near that
    two or three steps over all rows are left, whatever their number.
    """
    if rows > 2 * _PART:
        part = np.random.default_rng(0).choice(rows, _PART, replace=False)
        near = maximize(objective_of(terms(part), design), start, lower=lower, upper=upper)
        # A bound that a part of the data pressed against need not hold for all of them.
        start = np.where(near.free, near.point, start)
    return maximize(objective_of(terms(None), design), start, lower=lower, upper=upper)

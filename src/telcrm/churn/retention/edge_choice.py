"""Decide anew for the customers at the edge, where prices alone do not tell who gets what."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from telcrm.churn.retention.offer_choice import NOBODY, Choice, OfferChoice, Prices

__all__ = ["decide_edge"]

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_EDGE: Final = 1_000
_TIE: Final = 1e-6
_WHOLE: Final = 1e-6


def decide_edge(task: OfferChoice, prices: Prices, choice: Choice) -> Choice:
    """Choose anew, by a linear program, for those to whom two options are worth nearly the same.

    Parameters
    ----------
    task : OfferChoice
    prices : Prices
    choice : array of int
        Within the limits.

    Returns
    -------
    array of int
        Within the limits. A customer whom the linear program would split gets nothing.

    Notes
    -----
    Equal customers are one variable with a count, so that thousands of ties are decided at once.
    A basic solution splits no more kinds of customers than there are limits.
    """
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, vstack

    rows = _edge(task, prices, choice)
    room = task.without(choice, rows)
    shown = np.vstack([room.profit, room.cost])
    kinds, kind = np.unique(shown, axis=1, return_inverse=True)
    counts = np.bincount(kind.ravel(), minlength=kinds.shape[1])
    offers = len(task.capacities)
    profit, cost = kinds[:offers], kinds[offers:]
    offer, place = np.nonzero(profit > 0.0)
    at = np.arange(offer.size)
    matrices = [csr_array((np.ones(at.size), (place, at)), shape=(counts.size, at.size))]
    highs = [counts.astype(np.float64)]
    for limit, use in (
        (room.budget, cost[offer, place]),
        (room.contacts, np.ones(at.size)),
        *((each, (offer == number) * 1.0) for number, each in enumerate(room.capacities)),
    ):
        if limit is not None:
            # In parts of the limit: the solver's tolerances are absolute.
            unit = limit or 1.0
            matrices.append(csr_array(use[None, :] / unit))
            highs.append(np.array([limit / unit]))
    gain = profit[offer, place]
    found = linprog(
        -gain / gain.max(),
        A_ub=vstack(matrices),  # type: ignore[call-overload] # sparse matrices are taken
        b_ub=np.concatenate(highs),
    )
    if found.x is None:
        return choice
    decided = choice.copy()
    decided[rows] = NOBODY
    whole = np.floor(found.x + _WHOLE).astype(np.int64)
    members = np.argsort(kind.ravel(), kind="stable")
    next_member = np.concatenate([[0], np.cumsum(counts)[:-1]])
    for variable in np.flatnonzero(whole):
        first = next_member[place[variable]]
        taken = members[first : first + whole[variable]]
        decided[rows[taken]] = offer[variable]
        next_member[place[variable]] += whole[variable]
    return decided if task.keeps_limits(decided) else choice


def _edge(task: OfferChoice, prices: Prices, choice: Choice) -> Rows:
    """Return those who gain least by their best option, or have another one than that."""
    best, highest = task.best(prices)
    second = np.where(best == NOBODY, -np.inf, 0.0)
    for at in range(len(task.capacities)):
        left = task.reduced(prices, at)
        np.maximum(second, left, out=second, where=best != at)
    clear = np.where(best == choice, highest - second, 0.0)
    if clear.size <= _EDGE:
        return np.arange(clear.size)
    most = np.partition(clear, _EDGE)[_EDGE] + _TIE * task.profit.max()
    return np.flatnonzero(clear <= most)

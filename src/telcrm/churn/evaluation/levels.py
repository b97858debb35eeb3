"""Customers sorted by score once, and counted level by level: what every metric is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telcrm.churn.evaluation.scores import Bools, Floats, Ints, read_pair

__all__ = ["ScoreLevels", "ScoreOrder", "curve_points", "order_scores", "read_levels"]

_POINTS: Final = 1000


@dataclass(frozen=True, slots=True, eq=False)
class ScoreOrder:
    """Customers in the order of their score, the greatest first; equal scores are one level.

    Attributes
    ----------
    churned : array of bool, shape (n,)
        As given.
    order : array of int, shape (n,)
        Places of the customers as given.
    ends : array of int, shape (m,)
        Place in the order of the last customer of each level.
    scores : array of float, shape (m,)
        Of each level.
    """

    churned: Bools
    order: NDArray[np.intp]
    ends: NDArray[np.intp]
    scores: Floats

    def levels(self, weights: Ints | None = None) -> ScoreLevels:
        """Count customers and churners down to each level.

        Parameters
        ----------
        weights : array of int, shape (n,), optional
            How often each customer stands in a resample, in the order as given.

        Returns
        -------
        ScoreLevels
        """
        if weights is None:
            contacted = _from_nobody(self.ends + 1)
            churners = _from_nobody(np.cumsum(self.churned[self.order], dtype=np.int64)[self.ends])
        else:
            counts = weights[self.order]
            contacted = _from_nobody(np.cumsum(counts)[self.ends])
            churners = _from_nobody(np.cumsum(counts * self.churned[self.order])[self.ends])
        return ScoreLevels(self, weights, contacted, churners)

    def spread(self, of_levels: Floats) -> Floats:
        """Return a value of levels for each customer, in the order as given.

        Parameters
        ----------
        of_levels : array of shape (m,)

        Returns
        -------
        array of shape (n,)
        """
        sizes = np.diff(self.ends, prepend=-1)
        found = np.empty(self.order.size)
        found[self.order] = np.repeat(of_levels, sizes)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class ScoreLevels:
    """Counts of those whose score is that of a level or above it, from nobody to all.

    Attributes
    ----------
    ranked : ScoreOrder
    weights : array of int, shape (n,), or None
    contacted, churners : array of int, shape (m + 1,)
        Cumulative; the first is 0.
    """

    ranked: ScoreOrder
    weights: Ints | None
    contacted: Ints
    churners: Ints

    @property
    def scores(self) -> Floats:
        """Score of each level, the greatest first, shape (m,)."""
        return self.ranked.scores

    @property
    def customers(self) -> int:
        """All of them."""
        return int(self.contacted[-1])

    @property
    def leavers(self) -> int:
        """All who left."""
        return int(self.churners[-1])

    @property
    def stayers(self) -> Ints:
        """Cumulative count of those who stayed, shape (m + 1,)."""
        return self.contacted - self.churners

    @property
    def shares(self) -> Floats:
        """Share of customers down to each level, shape (m + 1,)."""
        return self.contacted / self.customers

    def cumulate(self, values: Floats) -> Floats:
        """Add up a value of customers down to each level.

        Parameters
        ----------
        values : array of shape (n,)
            In the order as given.

        Returns
        -------
        array of shape (m + 1,)
        """
        weighted = values if self.weights is None else values * self.weights
        sums = np.cumsum(weighted[self.ranked.order])[self.ranked.ends]
        return np.concatenate([[0.0], sums])


def order_scores(churned: Bools, scores: Floats) -> ScoreOrder:
    """Sort customers by their score.

    Parameters
    ----------
    churned : array of bool, shape (n,)
    scores : array of float, shape (n,)

    Returns
    -------
    ScoreOrder

    Examples
    --------
    >>> ranked = order_scores(np.array([True, False, True]), np.array([0.5, 0.9, 0.5]))
    >>> ranked.scores.tolist(), ranked.levels().churners.tolist()
    ([0.9, 0.5], [0, 0, 2])
    """
    order = np.argsort(scores)[::-1]
    ordered = scores[order]
    last = np.empty(ordered.size, dtype=bool)
    last[-1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=last[:-1])
    ends = np.flatnonzero(last)
    return ScoreOrder(churned, order, ends, ordered[ends])


def read_levels(
    y_true: ArrayLike, y_score: ArrayLike, *, probabilities: bool = False
) -> ScoreLevels:
    """Read outcomes and scores, and count them.

    Parameters
    ----------
    y_true, y_score : array-like of shape (n_customers,)
    probabilities : bool
        Refuse scores outside 0 and 1.

    Returns
    -------
    ScoreLevels

    Raises
    ------
    ScoreError, SingleClassError
        As :func:`~telcrm.churn.evaluation.scores.read_pair` does.

    Examples
    --------
    >>> read_levels([0, 1, 1], [0.2, 0.9, 0.9]).churners.tolist()
    [0, 2, 2]
    """
    return order_scores(*read_pair(y_true, y_score, probabilities=probabilities)).levels()


def curve_points(
    shares: Floats, heights: Floats, *, kept: tuple[float, ...] = ()
) -> tuple[tuple[float, float], ...]:
    """Return a curve of straight pieces by a thousand points at most, and those to be kept.

    Parameters
    ----------
    shares, heights : array of shape (m,)
        ``shares`` rise from 0 to 1.
    kept : tuple of float
        Shares at which it is given in any case.

    Returns
    -------
    tuple of (float, float)
    """
    if shares.size > _POINTS + 1:
        wanted = np.union1d(np.linspace(0.0, 1.0, _POINTS + 1), np.asarray(kept, dtype=np.float64))
        heights = np.interp(wanted, shares, heights)
        shares = wanted
    return tuple(zip(shares.tolist(), heights.tolist(), strict=True))


def _from_nobody(counts: NDArray[np.integer]) -> Ints:
    found = np.zeros(counts.size + 1, dtype=np.int64)
    found[1:] = counts
    return found

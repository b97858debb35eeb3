"""A log-likelihood as a weighted sum of terms over distinct rows, and its derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telcrm.value.likelihood.maximize import Curvature, Objective, maximize

__all__ = ["Design", "RowCurvature", "Term", "distinct_rows", "objective_of", "warm_start"]

Floats = NDArray[np.float64]
RowCurvature = tuple[Floats, Floats, Floats]
"""Values (m,), gradients (k, m) and Hessians (k, k, m) of m rows in k logarithms of parameters."""

_ROWS_AT_ONCE: Final = 16_384
_WARM_ROWS: Final = 4_000


@dataclass(frozen=True, slots=True)
class Term:
    """A part of the log-likelihood that looks at some columns of the data.

    Attributes
    ----------
    columns : array of shape (c, m)
        Distinct rows of what the term looks at.
    covariates : array of shape (d, m)
    weights : array of shape (m,)
        Customers in each row.
    rows : callable
        From the natural parameters (k, 1) or (k, m) and columns (c, m) to the ``RowCurvature``, by
        the logarithms of the parameters.
    """

    columns: Floats
    covariates: Floats
    weights: Floats
    rows: Callable[[Floats, Floats], RowCurvature]

    @classmethod
    def over(
        cls,
        rows: Callable[[Floats, Floats], RowCurvature],
        *columns: Floats,
        weights: Floats,
        covariates: Floats | None = None,
    ) -> Term:
        """Make a term over the distinct rows of some columns and covariates."""
        moved = np.empty((0, weights.size)) if covariates is None else covariates
        table, merged = distinct_rows(*columns, *moved, weights=weights)
        return cls(table[: len(columns)], table[len(columns) :], merged, rows)

    def thinned(self, kept: int, chance: np.random.Generator) -> Term:
        """Return a term over a random part of its rows, so many at most."""
        if self.weights.size <= kept:
            return self
        some = chance.choice(self.weights.size, kept, replace=False)
        scale = self.weights.size / kept
        return Term(
            self.columns[:, some], self.covariates[:, some], self.weights[some] * scale, self.rows
        )


@dataclass(frozen=True, slots=True)
class Design:
    """How covariates move the logarithms of the parameters.

    Attributes
    ----------
    parameters : int
        How many there are without covariates.
    effects : tuple of (int, int, float)
        For each coefficient: the parameter that it moves, the covariate, and the sign.
    """

    parameters: int
    effects: tuple[tuple[int, int, float], ...] = ()

    @property
    def size(self) -> int:
        """Parameters and coefficients together."""
        return self.parameters + len(self.effects)

    def natural(self, point: Floats, covariates: Floats) -> Floats:
        """Return the parameters of each row: (k, 1) without covariates, else (k, m)."""
        own = point[: self.parameters, None]
        if not self.effects:
            return np.exp(own)
        logs = np.repeat(own, covariates.shape[1], axis=1)
        for (parameter, covariate, sign), size in zip(
            self.effects, point[self.parameters :], strict=True
        ):
            logs[parameter] += sign * size * covariates[covariate]
        return np.exp(logs)

    def collect(self, found: RowCurvature, covariates: Floats, weights: Floats) -> Curvature:
        """Sum rows up to the value and derivatives by parameters and coefficients."""
        value, gradient, hessian = found
        size = self.parameters
        summed = Curvature(
            float(value @ weights),
            gradient @ weights,
            (hessian.reshape(size * size, -1) @ weights).reshape(size, size),
        )
        if not self.effects:
            return summed
        place = [*range(size), *(parameter for parameter, _, _ in self.effects)]
        factor = [np.ones_like(weights)] * size + [
            sign * covariates[covariate] for _, covariate, sign in self.effects
        ]
        whole = np.empty((self.size, self.size))
        for first, left in enumerate(factor):
            for second in range(first, self.size):
                bend = hessian[place[first], place[second]]
                whole[first, second] = whole[second, first] = bend @ (
                    weights * left * factor[second]
                )
        slope = np.array(
            [gradient[at] @ (weights * by) for at, by in zip(place, factor, strict=True)]
        )
        return Curvature(summed.value, slope, whole)


def objective_of(terms: Sequence[Term], design: Design) -> Objective:
    """Make the log-likelihood of a list of terms.

    Parameters
    ----------
    terms : sequence of Term
    design : Design

    Returns
    -------
    callable
        From logarithms of parameters, then coefficients, to a ``Curvature``.
    """

    def objective(point: Floats) -> Curvature:
        value, gradient = 0.0, np.zeros(design.size)
        hessian = np.zeros((design.size, design.size))
        for term in terms:
            # A block at a time stays in the cache, and bounds the memory.
            for first in range(0, term.weights.size, _ROWS_AT_ONCE):
                block = slice(first, first + _ROWS_AT_ONCE)
                covariates = term.covariates[:, block]
                with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                    found = term.rows(design.natural(point, covariates), term.columns[:, block])
                    part = design.collect(found, covariates, term.weights[block])
                value += part.value
                gradient += part.gradient
                hessian += part.hessian
        return Curvature(value, gradient, hessian)

    return objective


def warm_start(
    terms: Sequence[Term], design: Design, start: Floats, *, lower: Floats, upper: Floats
) -> Floats:
    """Return a point near the maximum, found on a random part of a large table.

    Parameters
    ----------
    terms : sequence of Term
    design : Design
    start, lower, upper : array of shape (k,)

    Returns
    -------
    array of shape (k,)
        ``start`` itself where the table is small. The part is always the same one.
    """
    if max(term.weights.size for term in terms) <= 2 * _WARM_ROWS:
        return start
    chance = np.random.default_rng(0)
    some = [term.thinned(_WARM_ROWS, chance) for term in terms]
    near = maximize(objective_of(some, design), start, lower=lower, upper=upper)
    # A bound that a part of the data pressed against need not hold for all of them.
    return np.where(near.free, near.point, start)


def distinct_rows(*columns: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Merge equal rows.

    Parameters
    ----------
    *columns : array of shape (n,)
        Finite; one at least.
    weights : array of shape (n,)

    Returns
    -------
    rows : array of shape (columns, m)
        Sorted by the last column first, so that no order of the given rows shows.
    weights : array of shape (m,)

    Examples
    --------
    >>> rows, weights = distinct_rows(np.array([2.0, 1.0, 2.0]), weights=np.array([1.0, 1.0, 3.0]))
    >>> rows.tolist(), weights.tolist()
    ([[1.0, 2.0]], [1.0, 4.0])
    """
    order = np.lexsort(columns)
    table = np.stack([column[order] for column in columns])
    if not order.size:
        return table, weights[order]
    starts = np.concatenate(([True], (table[:, 1:] != table[:, :-1]).any(axis=0)))
    first = np.flatnonzero(starts)
    return table[:, first], np.add.reduceat(weights[order], first)

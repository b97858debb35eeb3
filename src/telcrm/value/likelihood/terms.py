"""A log-likelihood as a weighted sum of terms over distinct rows, and its derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telcrm.value.likelihood.distinct import distinct_rows
from telcrm.value.likelihood.maximize import Curvature, Objective

__all__ = ["Bends", "Design", "RowCurvature", "Term", "objective_of"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bends:
    """Second derivatives of rows, in the form that is summed up fastest.

    Attributes
    ----------
    entries : mapping of (int, int) to array of shape (m,)
        Of the upper triangle; what is not there is 0.
    spreads : sequence of (array, array)
        Weights of shape (m,) or (m, n), and slopes of shape (k, m) or (k, m, n): each adds the
        weighted products of slopes, summed over n.
    """

    entries: Mapping[tuple[int, int], Floats]
    spreads: Sequence[tuple[Floats, Floats]] = ()

    def dense(self) -> Floats:
        """Return them as an array of shape (k, k, m)."""
        size = 1 + max((second for _, second in self.entries), default=-1)
        size = max([size, *(slopes.shape[0] for _, slopes in self.spreads)])
        rows = [entry.size for entry in self.entries.values()]
        rows += [slopes.shape[1] for _, slopes in self.spreads]
        found = np.zeros((size, size, rows[0]))
        for (first, second), entry in self.entries.items():
            found[first, second] += entry
            if first != second:
                found[second, first] += entry
        for weights, slopes in self.spreads:
            products = weights * slopes[:, None] * slopes[None, :]
            found += products.sum(axis=3) if products.ndim == 4 else products
        return found


RowCurvature = tuple[Floats, Floats, Floats | Bends]
"""Values (m,), gradients (k, m) and second derivatives (k, k, m) of m rows in k logarithms."""

_ROWS_AT_ONCE: Final = 16_384


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
        value, gradient, second = found
        size = self.parameters
        bends = _sparse(second, size) if isinstance(second, np.ndarray) else second
        place = [*range(size), *(parameter for parameter, _, _ in self.effects)]
        factors = np.ones((self.size, 1))
        if self.effects:
            factors = np.ones((self.size, weights.size))
            for at, (_, covariate, sign) in enumerate(self.effects, size):
                factors[at] = sign * covariates[covariate]
        slope = (gradient[place] * factors) @ weights if self.effects else gradient @ weights
        whole = np.zeros((self.size, self.size))
        for inner, slopes in bends.spreads:
            moved = slopes[place] * (factors[:, :, None] if slopes.ndim == 3 else factors)
            share = inner * (weights[:, None] if inner.ndim == 2 else weights)
            flat = moved.reshape(self.size, -1)
            whole += (flat * share.ravel()) @ flat.T
        for (first, other), entry in bends.entries.items():
            counted = entry * weights
            for left in range(self.size):
                for right in range(self.size):
                    if (place[left], place[right]) in {(first, other), (other, first)}:
                        by = factors[left] * factors[right]
                        whole[left, right] += counted @ by if self.effects else counted.sum()
        return Curvature(float(value @ weights), slope, whole)


def _sparse(hessian: Floats, size: int) -> Bends:
    """Return dense second derivatives as entries."""
    upper = [(first, second) for first in range(size) for second in range(first, size)]
    return Bends({(first, second): hessian[first, second] for first, second in upper})


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

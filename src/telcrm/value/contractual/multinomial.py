"""Competing causes as one multinomial logit on counts: likelihood, fit, and refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telcrm.errors import UnidentifiedModelError
from telcrm.value.likelihood.maximize import Curvature, Maximum, Objective, maximize

__all__ = ["CauseCounts", "cause_objective", "fit_causes"]

Floats = NDArray[np.float64]

_MOST: Final = 25.0
_COLLINEAR: Final = 1e-9
_KNOWN: Final = 3.0
_ROWS_AT_ONCE: Final = 65_536


@dataclass(frozen=True, slots=True)
class CauseCounts:
    """Distinct rows of terms, and what became of the lines in them.

    Attributes
    ----------
    terms : array of shape (n, p)
        Without the constant.
    counts : array of shape (n, k + 1)
        Lines that stayed, then those that left for each of k causes.
    names : tuple of str
        Of the p terms.
    """

    terms: Floats
    counts: Floats
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Unscaled(Maximum):
    """A maximum in the units of the data, with the covariance found in better ones."""

    found: Floats

    def covariance(self) -> Floats:
        """Return the inverse of the observed information; NaN for what has none."""
        return self.found


def cause_objective(design: Floats, counts: Floats, ridge: Floats) -> Objective:
    """Make the log-likelihood of the coefficients of all causes, with its derivatives.

    Parameters
    ----------
    design : array of shape (n, q)
        With the constant.
    counts : array of shape (n, k + 1)
    ridge : array of shape (q,)
        Penalty ``ridge * coefficient^2 / 2`` on each.

    Returns
    -------
    callable
        From coefficients of shape (k * q,), cause by cause, to a ``Curvature``.

    Notes
    -----
    ``sum of counts * ln p`` with ``p_c = exp(x b_c) / (1 + sum over causes exp(x b))``, and no
    multinomial constant: that of the single line-months. The Hessian is
    ``-sum n p_c (1[c=d] - p_d) x x'``.
    """
    size, causes = design.shape[1], counts.shape[1] - 1

    def objective(point: Floats) -> Curvature:
        coefficients = point.reshape(causes, size)
        value = -0.5 * float((ridge * coefficients**2).sum())
        gradient = -ridge * coefficients
        hessian = np.zeros((causes, size, causes, size))
        for first in range(0, len(design), _ROWS_AT_ONCE):
            x, seen = design[first : first + _ROWS_AT_ONCE], counts[first : first + _ROWS_AT_ONCE]
            logits = np.concatenate([np.zeros((len(x), 1)), x @ coefficients.T], axis=1)
            top = logits.max(axis=1, keepdims=True)
            log_p = logits - top - np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
            value += float((seen * log_p).sum())
            p, lines = np.exp(log_p[:, 1:]), seen.sum(axis=1)
            gradient = gradient + (seen[:, 1:] - lines[:, None] * p).T @ x
            for cause in range(causes):
                for other in range(cause, causes):
                    weight = lines * p[:, cause] * ((cause == other) - p[:, other])
                    hessian[cause, :, other] -= (x * weight[:, None]).T @ x
        for cause in range(causes):
            hessian[cause, range(size), cause, range(size)] -= ridge
            for other in range(cause):
                hessian[cause, :, other] = hessian[other, :, cause].T
        flat = causes * size
        return Curvature(value, gradient.ravel(), hessian.reshape(flat, flat))

    return objective


def fit_causes(data: CauseCounts, *, causes: Sequence[str], ridge: float, model: str) -> Maximum:
    """Find the coefficients of the greatest likelihood.

    Parameters
    ----------
    data : CauseCounts
    causes : sequence of str
    ridge : float
        Penalty on coefficients of terms of standard deviation 1; 0 for none. Constants are free.
    model : str
        For messages.

    Returns
    -------
    Maximum
        Cause by cause, the constant and the coefficients of the terms; its value is the
        log-likelihood without penalty.

    Raises
    ------
    UnidentifiedModelError
        Nobody left, or not for one of the causes; a term is constant, or follows from others.
    """
    _require_leavers(data, causes, model)
    lines = data.counts.sum(axis=1)
    mean = lines @ data.terms / lines.sum()
    spread = np.sqrt(lines @ (data.terms - mean) ** 2 / lines.sum())
    _require_varied(data, mean, spread, model)
    scaled = (data.terms - mean) / spread
    _require_independent(data, scaled, lines, model)
    design = np.column_stack([np.ones(len(scaled)), scaled])
    penalty = np.concatenate([[0.0], np.full(scaled.shape[1], ridge)])
    size, number = design.shape[1], len(causes)
    totals = data.counts.sum(axis=0)
    start = np.zeros((number, size))
    start[:, 0] = np.log(totals[1:] / max(totals[0], 0.5))
    box = np.full(number * size, _MOST)
    found = maximize(
        cause_objective(design, data.counts, penalty),
        np.clip(start.ravel(), -_MOST, _MOST),
        lower=-box,
        upper=box,
    )
    own = np.diag(np.concatenate([[1.0], 1.0 / spread]))
    own[0, 1:] = -mean / spread
    back: Floats = np.kron(np.eye(number), own).astype(np.float64)
    # The constant of raw data may lie far from them, and be uncertain for that reason alone.
    scale = np.tile(np.concatenate([[0.0], spread]), number)
    plain = cause_objective(design, data.counts, np.zeros(size))(found.point)
    return _Unscaled(
        point=back @ found.point,
        curvature=replace(found.curvature, value=plain.value),
        free=found.free,
        converged=found.converged,
        iterations=found.iterations,
        evaluations=found.evaluations,
        decrement=found.decrement,
        found=_covariance(back, found, scale),
    )


def _covariance(back: Floats, found: Maximum, scale: Floats) -> Floats:
    """Return the covariance in the units of the data; NaN for coefficients that have none.

    One has none that ended at a bound, or whose standard error, for a term of standard deviation
    1, is above 3: where nobody left under some value, the likelihood rises as it falls. The others
    are then as well known as if it were fixed.
    """
    size = found.point.size
    information = -found.curvature.hessian
    inverse = back @ _inverse(information) @ back.T
    unknown = np.sqrt(np.diag(inverse)) * scale > _KNOWN
    unknown |= ~found.free & (scale > 0)
    if not unknown.any():
        return inverse
    to_scaled = np.linalg.inv(back)
    known = np.flatnonzero(~unknown)
    own = (to_scaled.T @ information @ to_scaled)[np.ix_(known, known)]
    covariance = np.full((size, size), np.nan)
    covariance[np.ix_(known, known)] = _inverse(own)
    return covariance


def _inverse(information: Floats) -> Floats:
    size = np.sqrt(np.maximum(np.diag(information), 1e-300))
    roots, axes = np.linalg.eigh(information / np.outer(size, size))
    found: Floats = (axes / np.maximum(roots, 1e-12)) @ axes.T / np.outer(size, size)
    return found


def _require_leavers(data: CauseCounts, causes: Sequence[str], model: str) -> None:
    left = data.counts[:, 1:].sum(axis=0)
    if not left.any():
        raise UnidentifiedModelError(
            f"{model} learns from lines that left, and none did. Pass more months.", model=model
        )
    never = [cause for cause, number in zip(causes, left, strict=True) if not number]
    if never:
        raise UnidentifiedModelError(
            f"{model}: no line left for {', '.join(map(repr, never))}. Take it out of causes, or "
            "pass more months.",
            causes=never,
        )


def _require_varied(data: CauseCounts, mean: Floats, spread: Floats, model: str) -> None:
    still = spread <= 1e-12 * np.maximum(np.abs(mean), 1e-300)
    constant = [name for name, is_still in zip(data.names, still, strict=True) if is_still]
    if constant:
        raise UnidentifiedModelError(
            f"{model}: {', '.join(map(repr, constant))} is the same in all months, so its effect "
            "cannot be told. Leave it out, or pass months in which it differs.",
            terms=constant,
        )


def _require_independent(data: CauseCounts, scaled: Floats, lines: Floats, model: str) -> None:
    if not data.names:
        return
    correlation = (scaled * lines[:, None]).T @ scaled / lines.sum()
    roots, axes = np.linalg.eigh(correlation)
    if roots[0] > _COLLINEAR:
        return
    together = [n for n, share in zip(data.names, axes[:, 0], strict=True) if abs(share) > 0.05]
    raise UnidentifiedModelError(
        f"{model}: {', '.join(map(repr, together))} follow from one another, so their effects "
        "cannot be told apart. Leave one of them out.",
        terms=together,
    )

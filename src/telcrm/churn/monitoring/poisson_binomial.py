"""The number of leavers among customers who leave with probabilities of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, sqrt
from typing import Final, Self

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit, ndtr, ndtri

from telcrm.churn.evaluation.scores import Floats, Ints

__all__ = ["CELLS", "Crowd", "Interval", "mass"]

CELLS: Final = 4096
"""Into how many parts probabilities are sorted where there are many: their width is 1/4096."""

_EXACT_UP_TO: Final = 5_000
_REACH: Final = 800.0
"""More than the log-odds of any float between 0 and 1."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Numbers of leavers to expect that would not make the observed one unusual.

    Attributes
    ----------
    lower, upper : float
    p_value : float
        Two-sided, of the probabilities as they are.
    exact : bool
        By the distribution itself rather than by its normal approximation.
    """

    lower: float
    upper: float
    p_value: float
    exact: bool


@dataclass(frozen=True, slots=True)
class Crowd:
    """Customers by their probability of leaving.

    Attributes
    ----------
    probabilities : array of shape (n_kinds,)
    customers : array of shape (n_kinds,)
        How many have it.
    """

    probabilities: Floats
    customers: Ints

    @classmethod
    def of(cls, probabilities: Floats) -> Self:
        """Count customers by their probability, many of them by cells.

        Parameters
        ----------
        probabilities : array of shape (n_customers,)

        Returns
        -------
        Crowd
        """
        if probabilities.size <= _EXACT_UP_TO:
            return cls(probabilities, np.ones(probabilities.size, dtype=np.int64))
        cells = (probabilities * CELLS).astype(np.int64)
        customers = np.bincount(cells)
        sums = np.bincount(cells, weights=probabilities)
        held = customers > 0
        return cls(np.clip(sums[held] / customers[held], 0.0, 1.0), customers[held])

    def interval(self, observed: int, confidence: float) -> Interval:
        """Ask which shifts of the log-odds agree with the leavers that were observed.

        Parameters
        ----------
        observed : int
        confidence : float in (0, 1)

        Returns
        -------
        Interval
        """
        tail = (1.0 - confidence) / 2.0
        if int(self.customers.sum()) <= _EXACT_UP_TO:
            everyone = np.repeat(logit(self.probabilities), self.customers)

            def at_least(shift: float) -> float:
                return float(mass(expit(everyone + shift))[observed:].sum())

            def more_than(shift: float) -> float:
                return float(mass(expit(everyone + shift))[observed + 1 :].sum())

            sides = (_root(at_least, tail), _root(more_than, 1.0 - tail))
            p_value = min(1.0, 2.0 * min(at_least(0.0), 1.0 - more_than(0.0)))
            lower, upper = (float(self.customers @ self._shifted(shift)) for shift in sides)
            return Interval(lower, upper, max(0.0, p_value), exact=True)
        reach = float(ndtri(1.0 - tail))

        def deviation(shift: float) -> float:
            return self._deviation(observed, shift)

        sides = (_root(deviation, -reach), _root(deviation, reach))
        p_value = 2.0 * float(ndtr(-abs(deviation(0.0))))
        lower, upper = (float(self.customers @ self._shifted(shift)) for shift in sides)
        return Interval(lower, upper, p_value, exact=False)

    def _shifted(self, shift: float) -> Floats:
        """Shift the log-odds; what is certain stays so."""
        shifted = self.probabilities.copy()
        open_ = (shifted > 0.0) & (shifted < 1.0)
        shifted[open_] = expit(logit(shifted[open_]) + shift)
        return shifted

    def _deviation(self, observed: int, shift: float) -> float:
        """Return the expected less the observed, in standard deviations."""
        shifted = self._shifted(shift)
        apart = float(self.customers @ shifted) - observed
        spread = sqrt(float(self.customers @ (shifted * (1.0 - shifted))))
        return apart / spread if spread > 0 else np.copysign(inf, apart) if apart else 0.0


def mass(probabilities: Floats) -> Floats:
    """Return the probabilities of 0, 1, ..., n leavers.

    Parameters
    ----------
    probabilities : array of shape (n,)
        Of each customer, independent of the others.

    Returns
    -------
    array of shape (n + 1,)

    Notes
    -----
    The Poisson-binomial distribution, by convolving the distributions of halves: exact but for
    rounding, about 1e-15.

    Examples
    --------
    >>> mass(np.array([0.5, 0.5])).round(6).tolist()
    [0.25, 0.5, 0.25]
    """
    size = probabilities.size
    wide = 1 << max(0, size - 1).bit_length()
    padded = np.zeros(wide)
    padded[:size] = probabilities
    parts = np.stack([1.0 - padded, padded], axis=1)
    while len(parts) > 1:
        length = 2 * parts.shape[1] - 1
        spectra = np.fft.rfft(parts, n=1 << length.bit_length(), axis=1)
        parts = np.fft.irfft(spectra[0::2] * spectra[1::2], axis=1)[:, :length]
    told: Floats = np.maximum(parts[0, : size + 1], 0.0)
    return told


def _root(rising: Callable[[float], float], level: float) -> float:
    """Return where a rising function passes a level; -inf or inf where it lies beyond all."""
    if rising(-_REACH) >= level:
        return -inf
    if rising(_REACH) <= level:
        return inf
    return float(brentq(lambda shift: rising(shift) - level, -_REACH, _REACH, xtol=1e-10))

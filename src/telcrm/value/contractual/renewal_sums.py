"""Discounted sums of expected renewals over beta-discrete-Weibull lifetimes, also without end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log, log1p
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import psi

from telcrm.value.contractual.beta_weibull import log_survival_between

__all__ = ["renewals_forever", "renewals_within", "retention_rates"]

Floats = NDArray[np.float64]
Ages = NDArray[np.intp]

_ONE_BY_ONE: Final = 1024
_GAUSS: Final = np.polynomial.legendre.leggauss(16)
_GONE: Final = 60.0


def retention_rates(alpha: float, beta: float, c: float, first: int, count: int) -> Floats:
    """Return ``S(t) / S(t-1)`` for ``count`` ages from ``first`` on.

    Parameters
    ----------
    alpha, beta, c : float
    first : int
        1 or more.
    count : int

    Returns
    -------
    array of shape (count,)
    """
    ages = np.arange(first, first + count, dtype=np.float64)
    rates: Floats = np.exp(log_survival_between(alpha, beta, c, ages - 1.0, ages))
    return rates


def renewals_within(
    alpha: float, beta: float, c: float, ages: Ages, *, discount: float, horizon: int
) -> Floats:
    """Return ``sum over k < horizon of S(a+1+k) / S(a) / (1+discount)^k``.

    Parameters
    ----------
    alpha, beta, c : float
    ages : array of int, shape (n,)
    discount : float
        Per period, 0 or more.
    horizon : int

    Returns
    -------
    array of shape (n,)
    """
    total = np.zeros(ages.size)
    if not ages.size:
        return total
    rates = retention_rates(alpha, beta, c, 1, int(ages.max()) + horizon)
    weight = np.ones(ages.size)
    for k in range(horizon):
        weight = weight * rates[ages + k]
        total += weight
        weight /= 1.0 + discount
    return total


def renewals_forever(alpha: float, beta: float, c: float, ages: Ages, *, discount: float) -> Floats:
    """Return ``sum over k >= 0 of S(a+1+k) / S(a) / (1+discount)^k``.

    Parameters
    ----------
    alpha, beta, c : float
        Without discount ``c * alpha > 1``: otherwise there is no sum.
    ages : array of int, shape (n,)
    discount : float
        Per period, 0 or more.

    Returns
    -------
    array of shape (n,)

    Notes
    -----
    From the greatest age on, 1024 terms one by one, and the rest by the Euler-Maclaurin formula up
    to the first derivative (Abramowitz & Stegun 1964, 23.1.30)::

        sum over x >= m of f(x) = integral from m of f + f(m) / 2 - f'(m) / 12 + ...

    What is left out is below ``f(m) (hazard + ln(1+d))^3 / 720``, less than 1e-12 of the sum. The
    integral is taken in ``ln x`` by Gauss-Legendre; without discount the survival falls like
    ``x^(-c alpha)`` in the end, which is summed up exactly. Younger ages follow backwards from
    ``V(a) = S(a+1) / S(a) (1 + V(a+1) / (1+d))``.
    """
    if not ages.size:
        return np.zeros(0)
    end = int(ages.max()) + _ONE_BY_ONE
    rates = retention_rates(alpha, beta, c, 1, end)
    values = np.empty(end + 1)
    values[end] = _Tail(alpha, beta, c, float(end), log1p(discount)).total()
    for age in range(end - 1, -1, -1):
        values[age] = rates[age] * (1.0 + values[age + 1] / (1.0 + discount))
    found: Floats = values[ages]
    return found


@dataclass(frozen=True, slots=True)
class _Tail:
    """Renewals after a great age, discounted by a force of interest from the first of them on."""

    alpha: float
    beta: float
    c: float
    age: float
    force: float

    def total(self) -> float:
        """Sum them up by the Euler-Maclaurin formula."""
        first = self.age + 1.0
        power = first**self.c
        both, own = self.alpha + self.beta + power, self.beta + power
        hazard = float(psi(both) - psi(own)) * self.c * power / first
        start = float(self._survival(np.array([first]))[0])
        last, beyond = self._end()
        area = 0.0
        for log_x, weight in self._panels(min(0.5, 1.0 / ((self.force + hazard) * first)), last):
            area += float(weight @ self._density(log_x))
        if beyond:
            area += float(self._density(np.array([last]))[0]) * beyond
        return float(area + start * (0.5 + (hazard + self.force) / 12.0))

    def _survival(self, x: Floats) -> Floats:
        found: Floats = np.exp(log_survival_between(self.alpha, self.beta, self.c, self.age, x))
        return found

    def _density(self, log_x: Floats) -> Floats:
        first = self.age + 1.0
        x = first * np.exp(log_x)
        found: Floats = x * self._survival(x) * np.exp(-self.force * first * np.expm1(log_x))
        return found

    def _end(self) -> tuple[float, float]:
        """Return where to stop in ``ln(x / first)``, and by how much the density there counts."""
        first = self.age + 1.0
        if self.force > 0:
            return log1p(_GONE / (self.force * first)), 0.0
        far = (log(1e14) + log1p(self.alpha) + log1p(self.alpha + self.beta)) / self.c
        # Beyond e^650 floats end; only c below 0.05 is not yet a pure power there.
        return min(max(far - log(first), 0.0), 650.0 - log(first)), 1.0 / (
            self.c * self.alpha - 1.0
        )

    def _panels(self, width: float, last: float) -> Iterator[tuple[Floats, Floats]]:
        nodes, weights = _GAUSS
        at = 0.0
        while at < last:
            wide = min(width, last - at)
            yield at + wide * (nodes + 1.0) / 2.0, wide * weights / 2.0
            at += wide
            # The discount ends the sum at one scale of x, which wide panels would miss.
            width = min(width * 1.2, 0.5) if self.force > 0 else width * 1.2

"""The formulas of the beta-discrete-Weibull lifetime on arrays; with c = 1 it is sBG."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import polygamma, psi

__all__ = ["lifetime_rows", "log_survival", "log_survival_between"]

Floats = NDArray[np.float64]
Curvatures = tuple[Floats, Floats, Floats]

# Below this, Stirling's series is not exact to the last digit.
_FAR: Final = 16
_STIRLING: Final = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)


def log_survival(
    alpha: Floats | float, beta: Floats | float, c: Floats | float, age: Floats | float
) -> Floats:
    """Return ``ln S(t) = ln B(alpha, beta + t^c) - ln B(alpha, beta)``.

    Parameters
    ----------
    alpha, beta, c : float or array
        Above 0.
    age : float or array
        0 or more; broadcasts with the parameters.

    Returns
    -------
    array

    Examples
    --------
    >>> np.exp(log_survival(1.0, 1.0, 1.0, np.array([0.0, 1.0, 3.0]))).round(12).tolist()
    [1.0, 0.5, 0.25]
    """
    return log_survival_between(alpha, beta, c, 0.0, age)


def log_survival_between(
    alpha: Floats | float,
    beta: Floats | float,
    c: Floats | float,
    start: Floats | float,
    end: Floats | float,
) -> Floats:
    """Return ``ln S(end) - ln S(start)`` to all digits, also where the two are nearly equal.

    Parameters
    ----------
    alpha, beta, c : float or array
    start, end : float or array
        Ages, ``0 <= start <= end``.

    Returns
    -------
    array

    Examples
    --------
    >>> round(1e12 * float(log_survival_between(1.0, 1e12, 1.0, 0.0, 1.0)), 9)
    -1.0
    """
    before, after = np.power(start, c), np.power(end, c)
    return _log_beta_step(np.asarray(alpha), np.asarray(beta) + before, after - before)


def _log_beta_step(alpha: Floats, b: Floats, step: Floats) -> Floats:
    """``ln B(alpha, b + step) - ln B(alpha, b)``; four gammaln would cancel to noise.

    ``B(alpha, b)`` is taken up to where Stirling's series is exact, factor by factor, and the
    logarithms of the series' parts are merged before they could cancel.
    """
    both = alpha * step
    near = np.zeros(np.broadcast_shapes(alpha.shape, b.shape, step.shape))
    for at in range(_FAR):
        near -= np.log1p(both / ((b + at) * (b + at + alpha + step)))
    low = b + _FAR
    high = low + alpha + step
    far = (low - 0.5) * np.log1p(both / (low * high))
    far -= step * np.log1p(alpha / (low + step)) + alpha * np.log1p(step / (low + alpha))
    rest = _stirling(low + step) - _stirling(low) + _stirling(low + alpha) - _stirling(high)
    return near + far + rest


def _stirling(z: Floats) -> Floats:
    inverse = 1.0 / z
    square = inverse * inverse
    total = np.zeros_like(inverse)
    for factor in reversed(_STIRLING):
        total = total * square + factor
    return total * inverse


def lifetime_rows(parameters: Floats, columns: Floats) -> Curvatures:
    """Return the log-likelihood of lifetimes, row by row.

    Parameters
    ----------
    parameters : array of shape (3, 1)
        alpha, beta, c.
    columns : array of shape (3, m)
        Age; whether lost (1) or still there (0); age when observation began.

    Returns
    -------
    values (m,), gradients (3, m) and Hessians (3, 3, m), by the logarithms of the parameters

    Notes
    -----
    ``ln(S(t-1) - S(t))`` of a customer who was lost at age ``t``, ``ln S(t)`` of one who was still
    there, both less ``ln S(entered)``.
    """
    age, lost, entered = columns
    last_seen = age - lost
    stayed, stayed_slope, stayed_bend = _between(parameters, entered, last_seen)
    gone = lost == 1.0
    if not gone.any():
        return stayed, stayed_slope, stayed_bend
    step, step_slope, step_bend = _between(parameters, last_seen[gone], age[gone])
    # f(step) = ln(1 - exp(step)), and its derivatives.
    odds = np.expm1(-step)
    slope, bend = -1.0 / odds, -np.exp(-step) / odds**2
    stayed[gone] += np.log(-np.expm1(step))
    stayed_slope[:, gone] += slope * step_slope
    stayed_bend[:, :, gone] += (
        slope * step_bend + bend * step_slope[:, None, :] * step_slope[None, :, :]
    )
    return stayed, stayed_slope, stayed_bend


def _between(parameters: Floats, start: Floats, end: Floats) -> Curvatures:
    """``ln S(end) - ln S(start)`` and its derivatives by the logarithms of alpha, beta, c."""
    alpha, beta, c = parameters
    value = log_survival_between(alpha, beta, c, start, end)
    at_end, at_start = (_from_zero(alpha, beta, c, age) for age in (end, start))
    return value, at_end[0] - at_start[0], at_end[1] - at_start[1]


def _from_zero(alpha: Floats, beta: Floats, c: Floats, age: Floats) -> tuple[Floats, Floats]:
    power = np.power(age, c)
    log_power = c * np.log(np.maximum(age, 1.0))
    ages = [
        power,
        beta + power,
        alpha + beta + power,
        alpha + beta + 0.0 * power,
        beta + 0.0 * power,
    ]
    _, own, both, both_zero, own_zero = ages
    by_alpha = psi(both_zero) - psi(both)
    by_power = psi(own) - psi(both)
    by_beta = by_power + psi(both_zero) - psi(own_zero)
    bend_own, bend_both = polygamma(1, own), polygamma(1, both)
    bend_both_zero, bend_own_zero = polygamma(1, both_zero), polygamma(1, own_zero)
    alpha_alpha = bend_both_zero - bend_both
    power_power = bend_own - bend_both
    beta_beta = power_power + bend_both_zero - bend_own_zero
    # By logarithms: d/d ln x = x d/dx, and the power moves by power * ln(power) with ln c.
    scale = np.stack([alpha + 0.0 * power, beta + 0.0 * power, power * log_power])
    slope = scale * np.stack([by_alpha, by_beta, by_power])
    bends = np.empty((3, 3, power.size))
    bends[0, 0], bends[1, 1], bends[2, 2] = alpha_alpha, beta_beta, power_power
    bends[0, 1] = bends[1, 0] = alpha_alpha
    bends[0, 2] = bends[2, 0] = -bend_both
    bends[1, 2] = bends[2, 1] = power_power
    bends *= scale[:, None, :] * scale[None, :, :]
    diagonal = np.arange(3)
    bends[diagonal, diagonal] += slope * np.stack(
        [np.ones_like(power), np.ones_like(power), 1.0 + log_power]
    )
    return slope, bends

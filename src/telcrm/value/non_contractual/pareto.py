"""The formulas of Pareto/NBD on arrays."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, psi, zeta

from telcrm.value.likelihood.terms import Bends, RowCurvature
from telcrm.value.non_contractual.quadrature import legendre, scaled_exponential_integral

__all__ = [
    "count_rows",
    "discounted_while_alive",
    "expected_while_alive",
    "log_odds_of_death",
    "spell_rows",
]

Floats = NDArray[np.float64]

_NODES: Final = 32
_NEGLIGIBLE: Final = 40.0


def count_rows(parameters: Floats, columns: Floats) -> RowCurvature:
    """Return the part of the log-likelihood that looks at the number of purchases alone.

    ``ln G(r+x) - ln G(r)``.

    Parameters
    ----------
    parameters : array of shape (4, 1) or (4, m)
        r, alpha, s, beta.
    columns : array of shape (1, m)

    Returns
    -------
    RowCurvature
    """
    [bought] = columns
    r = parameters[0]
    value = gammaln(r + bought) - gammaln(r)
    gradient = np.zeros((4, value.size))
    gradient[0] = r * (psi(r + bought) - psi(r))
    bend = gradient[0] + r * r * (zeta(2.0, r + bought) - zeta(2.0, r))
    return value, gradient, Bends({(0, 0): bend})


def spell_rows(parameters: Floats, columns: Floats) -> RowCurvature:
    """Return the rest of the log-likelihood: alive to the end, or gone at some time before.

    ``ln( A(T) B(T) + s * integral over u from t_x to T of A(u) B(u) / (beta+u) )`` with
    ``A(u) = alpha^r / (alpha+u)^(r+x)`` and ``B(u) = (beta/(beta+u))^s``.

    Parameters
    ----------
    parameters : array of shape (4, 1) or (4, m)
    columns : array of shape (3, m)
        Purchases, recency, age.

    Returns
    -------
    RowCurvature

    Notes
    -----
    The integral is that of Schmittlein, Morrison & Colombo (1987) before it is written with 2F1,
    whose values cancel for customers of long silence. With 32 Gauss-Legendre points in
    ``ln(min(alpha, beta) + u)``, cut where the integrand has fallen by e^-40, it keeps 12 digits.
    Derivatives are means over the time of leaving, given the data.
    """
    bought, recency, age = columns
    r, alpha, s, beta = parameters
    times, log_weights = _leaving_times(parameters, bought, recency, age)
    # The last column stands for a customer who is still there.
    times = np.concatenate([times, age[:, None]], axis=1)
    gone = np.ones(times.shape[1])
    gone[-1] = 0.0
    r, alpha, s, beta = (each[:, None] for each in (r, alpha, s, beta))
    count = bought[:, None]
    log_a, log_b = np.log(alpha + times), np.log(beta + times)
    part = -(r + count) * log_a - s * log_b
    part[:, :-1] += log_weights + (np.log(s) - log_b[:, :-1])
    top = part.max(axis=1, keepdims=True)
    chance = np.exp(part - top)
    total = chance.sum(axis=1, keepdims=True)
    chance /= total
    value = (top + np.log(total))[:, 0] + (r * np.log(alpha) + s * np.log(beta))[:, 0]
    share_a, share_b = alpha / (alpha + times), beta / (beta + times)
    # Slopes of each part by the logarithms of r, alpha, s and beta.
    slopes = np.stack(
        [
            r * (np.log(alpha) - log_a),
            r - (r + count) * share_a,
            s * (np.log(beta) - log_b) + gone,
            s - (s + gone) * share_b,
        ]
    )
    gradient = np.einsum("imk,mk->im", slopes, chance)
    mean_a, mean_b = (chance * share_a).sum(axis=1), (chance * share_b).sum(axis=1)
    curved_a = (chance * share_a * (1.0 - share_a)).sum(axis=1)
    curved_b = (chance * (s + gone) * share_b * (1.0 - share_b)).sum(axis=1)
    bends = {
        (0, 0): gradient[0],
        (0, 1): r[:, 0] * (1.0 - mean_a),
        (1, 1): -(r[:, 0] + bought) * curved_a,
        (2, 2): gradient[2] - chance[:, :-1].sum(axis=1),
        (2, 3): s[:, 0] * (1.0 - mean_b),
        (3, 3): -curved_b,
    }
    spreads = [(chance, slopes), (-np.ones_like(value), gradient)]
    return value, gradient, Bends(bends, spreads)


def _leaving_times(
    parameters: Floats, bought: Floats, recency: Floats, age: Floats
) -> tuple[Floats, Floats]:
    """Return points of time at which a customer may have left, and the logs of their weights."""
    r, alpha, s, beta = parameters
    least = np.minimum(alpha, beta)
    # Either factor alone has fallen by e^-40 there.
    with np.errstate(over="ignore"):
        far_a = (alpha + recency) * np.expm1(_NEGLIGIBLE / (r + bought))
        far_b = (beta + recency) * np.expm1(_NEGLIGIBLE / s)
    reach = np.minimum(age - recency, np.minimum(far_a, far_b))
    width = np.log1p(reach / (least + recency))
    points, weights = legendre(_NODES)
    step = width[:, None] * points
    since = (least + recency)[:, None] * np.expm1(step)
    with np.errstate(divide="ignore"):
        log_width = np.log(width)[:, None]
    # d u = (least + u) dy
    log_weights = np.log(weights) + log_width + np.log(least + recency)[:, None] + step
    return recency[:, None] + since, log_weights


def log_odds_of_death(parameters: Floats, bought: Floats, recency: Floats, age: Floats) -> Floats:
    """Return the log odds that a customer has left between the last purchase and now.

    Parameters
    ----------
    parameters : array of shape (4, 1) or (4, m)
    bought, recency, age : array of shape (m,)

    Returns
    -------
    array of shape (m,)
        Minus infinity for a customer whose last purchase is now.
    """
    r, alpha, s, beta = parameters
    times, log_weights = _leaving_times(parameters, bought, recency, age)
    since_a = (times - age[:, None]) / (alpha + age)[:, None]
    since_b = (times - age[:, None]) / (beta + age)[:, None]
    part = log_weights - (r + bought)[:, None] * np.log1p(since_a)
    part -= s[:, None] * np.log1p(since_b) + np.log(beta[:, None] + times) - np.log(s)[:, None]
    top = part.max(axis=1)
    finite = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        found: Floats = finite + np.log(np.exp(part - finite[:, None]).sum(axis=1))
    return found


def expected_while_alive(
    shape: Floats, rate: Floats, s: Floats, beta: Floats, horizon: ArrayLike
) -> Floats:
    """Return the expected purchases of a customer who is alive, over the time to come.

    ``shape/rate * beta/(s-1) * (1 - (beta/(beta+t))^(s-1))``, with its limit at ``s = 1``.

    Parameters
    ----------
    shape, rate, s, beta : array, broadcast together
        Of what is known of the customer: ``r + x``, ``alpha + T``, ``s`` and ``beta + T``.
    horizon : array
        0 or more.

    Returns
    -------
    array
    """
    grown = np.log1p(np.asarray(horizon, dtype=np.float64) / beta)
    power = (1.0 - s) * grown
    with np.errstate(divide="ignore", invalid="ignore"):
        spell = np.where(s == 1.0, grown, np.expm1(power) / (1.0 - s))
    found: Floats = shape / rate * beta * spell
    return found


def discounted_while_alive(
    shape: Floats, rate: Floats, s: Floats, beta: Floats, discount: float
) -> Floats:
    """Return the discounted purchases of a customer who is alive, over all time to come.

    ``shape/rate * beta * exp(z) E_s(z)``, ``z = delta beta``: equation 2 of Fader, Hardie & Lee
    (2005), whose Tricomi function ``Psi(s, s; z)`` is ``z^(1-s) exp(z) E_s(z)``.

    Parameters
    ----------
    shape, rate, s, beta : array, broadcast together
    discount : float
        Continuous, per unit of time, above 0.

    Returns
    -------
    array
    """
    found: Floats = shape / rate * beta * scaled_exponential_integral(s, discount * beta)
    return found

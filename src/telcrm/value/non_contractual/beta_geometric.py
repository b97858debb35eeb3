"""The formulas of BG/NBD and MBG/NBD on arrays: a family, told apart by when dropout begins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, psi, zeta

from telcrm.value.likelihood.terms import Bends, RowCurvature
from telcrm.value.non_contractual.quadrature import beta_nodes, scaled_exponential_integral

__all__ = ["dropout_rows", "expected_while_alive", "log_odds_of_dropout", "order_rows", "time_rows"]

Floats = NDArray[np.float64]

_SERIES_TERMS: Final = 20_000
# A sum whose terms fall by this factor at a time costs as much as the quadrature.
_SLOW: Final = 0.95
_PLACES_AT_ONCE: Final = 256


def order_rows(
    parameters: Floats, columns: Floats, *, from_start: bool, regularity: int = 1
) -> RowCurvature:
    """Return the part of the log-likelihood that looks at the number of purchases alone.

    ``ln G(r+kx) - ln G(r) + ln B(a, b+x+o) - ln B(a, b)``, with ``o = 1`` where customers may drop
    out from the start (MBG/NBD), and 0 where they may not (BG/NBD).

    Parameters
    ----------
    parameters : array of shape (4, 1) or (4, m)
        r, alpha, a, b.
    columns : array of shape (1, m)
        Purchases after the first.
    from_start : bool
    regularity : int
        k, the events to a purchase.

    Returns
    -------
    RowCurvature
    """
    [bought] = columns
    r, _, a, b = parameters
    events, survived = regularity * bought, bought + from_start
    value = gammaln(r + events) - gammaln(r)
    value += gammaln(b + survived) - gammaln(b) + gammaln(a + b) - gammaln(a + b + survived)
    of_r, of_b, of_sum = _rising(r, events), _rising(b, survived), _rising(a + b, survived)
    zero = np.zeros_like(value)
    slope_r = r * of_r[0] + zero
    slope_a = -a * of_sum[0] + zero
    slope_b = b * (of_b[0] - of_sum[0]) + zero
    gradient = np.stack([slope_r, zero, slope_a, slope_b])
    bends = {
        (0, 0): slope_r + r * r * of_r[1],
        (2, 2): slope_a - a * a * of_sum[1],
        (2, 3): -a * b * of_sum[1],
        (3, 3): slope_b + b * b * (of_b[1] - of_sum[1]),
    }
    return value, gradient, Bends(bends)


def _rising(of: Floats, by: Floats) -> tuple[Floats, Floats]:
    """Differences of psi and of its derivative between ``of + by`` and ``of``."""
    # zeta(2, x) is the derivative of psi, without the detour of scipy's polygamma.
    return psi(of + by) - psi(of), zeta(2.0, of + by) - zeta(2.0, of)


def time_rows(parameters: Floats, columns: Floats) -> RowCurvature:
    """Return the part that looks at purchases and age: ``r ln alpha - (r+x) ln(alpha+T)``.

    Parameters
    ----------
    parameters : array of shape (4, 1) or (4, m)
    columns : array of shape (2, m)
        Purchases, age.

    Returns
    -------
    RowCurvature
    """
    bought, age = columns
    r, alpha = parameters[:2]
    waited = -np.log1p(age / alpha)
    share = alpha / (alpha + age)
    value = r * waited - bought * np.log(alpha + age)
    gradient = np.zeros((4, value.size))
    gradient[0] = r * waited
    gradient[1] = r - (r + bought) * share
    bends = {
        (0, 0): gradient[0],
        (0, 1): r * (1.0 - share),
        (1, 1): -(r + bought) * share * (1.0 - share),
    }
    return value, gradient, Bends(bends)


def dropout_rows(parameters: Floats, columns: Floats, *, from_start: bool) -> RowCurvature:
    """Return the part of customers who may have dropped out: ``ln(1 + odds)``.

    Parameters
    ----------
    parameters : array of shape (4, 1) or (4, m)
    columns : array of shape (3, m)
        Purchases, recency, age; for BG/NBD of customers who bought again.
    from_start : bool

    Returns
    -------
    RowCurvature
    """
    bought, recency, age = columns
    r, alpha, a, b = parameters
    silence = np.log1p((age - recency) / (alpha + recency))
    chances = b + bought - 1.0 + from_start
    odds = (r + bought) * silence + np.log(a) - np.log(chances)
    # ln(1 + odds) and odds / (1 + odds) with one exponential.
    small = np.exp(-np.abs(odds))
    value = np.maximum(odds, 0.0) + np.log1p(small)
    dropped = np.where(odds >= 0.0, 1.0, small) / (1.0 + small)
    at_end, at_last = alpha / (alpha + age), alpha / (alpha + recency)
    pull = at_end - at_last
    share = b / chances
    slope = np.empty((4, odds.size))
    slope[0], slope[1], slope[2], slope[3] = r * silence, (r + bought) * pull, 1.0, -share
    bends = {
        (0, 0): dropped * slope[0],
        (0, 1): dropped * r * pull,
        (1, 1): dropped * slope[1] * (1.0 - at_end - at_last),
        (3, 3): -dropped * share * (1.0 - share),
    }
    spread = (dropped * (1.0 - dropped), slope)
    return value, dropped * slope, Bends(bends, [spread])


def log_odds_of_dropout(
    parameters: Floats, bought: Floats, recency: Floats, age: Floats, *, from_start: bool
) -> Floats:
    """Return the log odds that a customer has dropped out after the last purchase.

    ``ln a - ln(b+x-1+o) + (r+x) ln((alpha+T)/(alpha+t_x))``; minus infinity for a customer of
    BG/NBD who never bought again, and so had no chance to drop out.

    Parameters
    ----------
    parameters : array of shape (4, 1) or (4, m)
    bought, recency, age : array of shape (m,)
    from_start : bool

    Returns
    -------
    array of shape (m,)
    """
    r, alpha, a, b = parameters
    odds: Floats = (r + bought) * np.log1p((age - recency) / (alpha + recency))
    if from_start:
        odds += np.log(a / (b + bought))
        return odds
    never = bought == 0
    odds += np.log(a / (b + bought - 1.0 + never))
    np.putmask(odds, never, -np.inf)
    return odds


def expected_while_alive(
    shape: Floats, rate: Floats, a: Floats, b: Floats, horizon: ArrayLike
) -> Floats:
    """Return the expected purchases of a customer who is alive, over the time to come.

    ``E[(1 - exp(-lambda p t)) / p]`` with ``lambda ~ Gamma(shape, rate)`` and ``p ~ Beta(a, b)``.

    Parameters
    ----------
    shape, rate, a, b : array, broadcast together
        Of what is known of the customer: ``r + x``, ``alpha + T``, ``a`` and ``b + x``.
    horizon : array
        0 or more.

    Returns
    -------
    array

    Notes
    -----
    With ``z = t / (rate + t)`` and ``l = ln(1 - z)``, the published form (Fader, Hardie & Lee 2005,
    equation 10) becomes, by Euler's transformation of its 2F1, ::

        -(a+b-1) expm1((a-1) l) / (a-1) - exp((a-1) l) S
        S = sum over n >= 1 of (a+b-1-shape)_n (a)_{n-1} z^n / ((a+b)_{n-1} n!)

    which has no hole at ``a = 1`` or ``a + b = 1`` and needs no 2F1. Where the two parts would
    cancel, or the sum is slow, the mean over p is taken by the trapezoidal rule in ``ln(p/(1-p))``,
    which converges geometrically.
    """
    arrays = np.broadcast_arrays(shape, rate, a, b, horizon)
    flat = [np.asarray(each, dtype=np.float64).ravel() for each in arrays]
    shapes, rates, firsts, seconds, times = flat
    share = times / (rates + times)
    found = np.zeros_like(share)
    falling = shapes + 1.0 - firsts - seconds
    cancels = np.abs(falling) > 50.0 * np.maximum(shapes, 0.2)
    swings = (falling > 8.0) & (falling * share * np.maximum(firsts / 2.0, 1.0) > firsts + seconds)
    overflows = -firsts * np.log1p(-share) > 20.0
    hard = (cancels | swings | overflows | (share > _SLOW)) & (share > 0)
    easy = ~hard & (share > 0)
    if easy.any():
        found[easy] = _by_series(shapes[easy], firsts[easy], seconds[easy], share[easy])
    if hard.any():
        found[hard] = _by_quadrature(
            shapes[hard], rates[hard], firsts[hard], seconds[hard], times[hard]
        )
    return found.reshape(arrays[0].shape)


def _by_series(shape: Floats, a: Floats, b: Floats, share: Floats) -> Floats:
    log_left = np.log1p(-share)
    top = a + b - 1.0 - shape
    term = top * share
    total = term.copy()
    place = np.arange(share.size)
    left = (top, a, a + b, share, term)
    for n in range(1, _SERIES_TERMS):
        rising, first, second, ratio, now = left
        now = now * ((rising + n) * (first + n - 1.0) / ((second + n - 1.0) * (n + 1.0)) * ratio)
        total[place] += now
        # Terms fall at least as fast as ratio^n once n has passed the parameters.
        going = np.abs(now) > 1e-17 * (np.abs(total[place]) + shape[place] * ratio) * (1.0 - ratio)
        if not going.all():
            place = place[going]
            left = (rising[going], first[going], second[going], ratio[going], now[going])
        else:
            left = (rising, first, second, ratio, now)
        if not place.size:
            break
    power = (a - 1.0) * log_left
    with np.errstate(divide="ignore", invalid="ignore"):
        main = np.where(a == 1.0, -log_left, -np.expm1(power) / (a - 1.0))
    return (a + b - 1.0) * main - np.exp(power) * total


def _by_quadrature(shape: Floats, rate: Floats, a: Floats, b: Floats, times: Floats) -> Floats:
    found = np.empty_like(shape)
    for (first, second), places in grouped(a, b):
        nodes, weights = beta_nodes(first, second)
        spell = times[places] / rate[places]
        # ln(1 + p t / rate), and what is left of p in a float where p itself is not.
        grown = np.log1p(nodes * spell[:, None])
        gone = -np.expm1(-shape[places, None] * grown)
        with np.errstate(divide="ignore", invalid="ignore"):
            per_chance = np.where(nodes > 1e-290, gone / nodes, (shape[places] * spell)[:, None])
        found[places] = per_chance @ weights
    return found


def grouped(*keys: Floats) -> Iterator[tuple[tuple[float, ...], NDArray[np.intp]]]:
    """Yield each distinct combination of keys, and the places where it stands, few at a time."""
    order = np.lexsort(keys)
    if not order.size:
        return
    table = np.stack([key[order] for key in keys])
    changes = np.flatnonzero((table[:, 1:] != table[:, :-1]).any(axis=0)) + 1
    for places in np.split(order, changes):
        key = tuple(float(one[places[0]]) for one in keys)
        for first in range(0, places.size, _PLACES_AT_ONCE):
            yield key, places[first : first + _PLACES_AT_ONCE]


def discounted_while_alive(
    shape: Floats, rate: Floats, a: Floats, b: Floats, discount: float
) -> Floats:
    """Return the discounted purchases of a customer who is alive, over all time to come.

    ``E[lambda / (lambda p + delta)]`` with ``lambda ~ Gamma(shape, rate)`` and ``p ~ Beta(a, b)``.

    Parameters
    ----------
    shape, rate, a, b : array of shape (m,)
        As :func:`expected_while_alive` takes them.
    discount : float
        Continuous, per unit of time, above 0.

    Returns
    -------
    array of shape (m,)

    Notes
    -----
    For a given p, the purchases come at the rate ``shape/rate (1 + p t/rate)^-(shape+1)``, whose
    discounted sum is ``shape/p exp(k) E_{shape+1}(k)`` with ``k = delta rate / p``. For the mean
    over p no closed form is published; it is taken by quadrature.
    """
    found = np.empty_like(shape)
    for (first, second), places in grouped(a, b):
        nodes, weights = beta_nodes(first, second)
        chance = np.maximum(nodes, 1e-290)
        pace = discount * rate[places, None] / chance
        scaled = scaled_exponential_integral(shape[places, None] + 1.0, pace)
        found[places] = (scaled * pace) @ weights * shape[places] / (discount * rate[places])
    return found

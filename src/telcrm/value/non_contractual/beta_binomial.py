"""The formulas of BG/BB on arrays: chances to buy that come once a period."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, psi, zeta

from telcrm.value.likelihood.terms import Bends, RowCurvature

__all__ = ["expected_while_alive", "log_odds_of_death", "period_rows", "survival"]

Floats = NDArray[np.float64]


def period_rows(parameters: Floats, columns: Floats) -> RowCurvature:
    """Return the log-likelihood of customers (Fader, Hardie & Shang 2010, equation 3).

    A sum over the period in which a customer may have left, and over being there still::

        B(alpha+x, beta+n-x)/B(alpha, beta) B(gamma, delta+n)/B(gamma, delta)
        + sum over i from 0 to n-t_x-1 of
          B(alpha+x, beta+t_x-x+i)/B(alpha, beta) B(gamma+1, delta+t_x+i)/B(gamma, delta)

    Parameters
    ----------
    parameters : array of shape (4, 1)
        alpha, beta, gamma, delta.
    columns : array of shape (3, m)
        Periods with a purchase, the last of them, and all periods.

    Returns
    -------
    RowCurvature
    """
    bought, last, periods = columns
    alpha, beta, gamma, delta = (float(each[0]) for each in parameters)
    seen, left, exists = _histories(last, periods)
    missed = seen - bought[:, None]
    count = np.broadcast_to(bought[:, None], seen.shape)
    part = betaln(alpha + count, beta + missed) + betaln(gamma + left, delta + seen)
    part = np.where(exists, part, -np.inf)
    top = part.max(axis=1, keepdims=True)
    chance = np.exp(part - top)
    total = chance.sum(axis=1, keepdims=True)
    chance /= total
    value = (top + np.log(total))[:, 0] - betaln(alpha, beta) - betaln(gamma, delta)
    buying = _beta_derivatives(alpha, beta, count, missed)
    leaving = _beta_derivatives(gamma, delta, left, seen)
    slopes = np.stack([*buying[0], *leaving[0]])
    gradient = np.einsum("imk,mk->im", slopes, chance)
    bends: dict[tuple[int, int], Floats] = {}
    for at, (_, curved) in ((0, buying), (2, leaving)):
        first, both, second = ((chance * bend).sum(axis=1) for bend in curved)
        bends |= {(at, at): first, (at, at + 1): both, (at + 1, at + 1): second}
    spreads = [(chance, slopes), (-np.ones_like(value), gradient)]
    return value, gradient, Bends(bends, spreads)


def _histories(last: Floats, periods: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return for each row the ways it may have gone: periods lived, 1 if left then, and whether."""
    most = int((periods - last).max()) if last.size else 0
    after = np.arange(most + 1.0)
    seen = last[:, None] + after
    exists = seen <= periods[:, None]
    return (
        np.where(exists, seen, periods[:, None]),
        np.where(seen < periods[:, None], 1.0, 0.0),
        exists,
    )


def _beta_derivatives(
    first: float, second: float, more_first: Floats, more_second: Floats
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats, Floats]]:
    """Return slopes and bends of ``ln B(p+i, q+j) - ln B(p, q)`` by ``ln p`` and ``ln q``."""
    whole = psi(first + second) - psi(first + second + more_first + more_second)
    slope = (
        first * (psi(first + more_first) - psi(first) + whole),
        second * (psi(second + more_second) - psi(second) + whole),
    )
    end = first + second + more_first + more_second
    shared: Floats = zeta(2.0, first + second) - zeta(2.0, end)
    own_first = zeta(2.0, first + more_first) - zeta(2.0, first)
    own_second = zeta(2.0, second + more_second) - zeta(2.0, second)
    bends: tuple[Floats, Floats, Floats] = (
        slope[0] + first**2 * (own_first + shared),
        first * second * shared,
        slope[1] + second**2 * (own_second + shared),
    )
    return slope, bends


def log_odds_of_death(parameters: Floats, bought: Floats, last: Floats, periods: Floats) -> Floats:
    """Return the log odds that a customer has left since the last purchase.

    Parameters
    ----------
    parameters : array of shape (4, 1)
    bought, last, periods : array of shape (m,)

    Returns
    -------
    array of shape (m,)
    """
    alpha, beta, gamma, delta = (float(each[0]) for each in parameters)
    seen, left, exists = _histories(last, periods)
    missed = seen - bought[:, None]
    part = betaln(alpha + bought[:, None], beta + missed) + betaln(gamma + left, delta + seen)
    gone = np.where(exists & (left > 0), part, -np.inf)
    here = betaln(alpha + bought, beta + periods - bought) + betaln(gamma, delta + periods)
    top = gone.max(axis=1)
    finite = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        found: Floats = finite + np.log(np.exp(gone - finite[:, None]).sum(axis=1)) - here
    return found


def survival(gamma: float, delta: float, periods: int) -> Floats:
    """Return the chances to stay 1, 2, ... periods: ``B(gamma, delta+k)/B(gamma, delta)``.

    Parameters
    ----------
    gamma, delta : float
    periods : int
        0 or more.

    Returns
    -------
    array of shape (periods,)
    """
    passed = np.arange(float(periods))
    found: Floats = np.cumprod((delta + passed) / (gamma + delta + passed), dtype=np.float64)
    return found


def expected_while_alive(chance: Floats, gamma: float, delta: Floats, horizon: int) -> Floats:
    """Return the expected purchases, over the periods to come, of who is still there.

    Parameters
    ----------
    chance : array of shape (m,)
        Expected chance to buy in a period.
    gamma : float
    delta : array of shape (m,)
        ``delta + n``: the customer is known to have stayed so long.
    horizon : int
        Periods.

    Returns
    -------
    array of shape (m,)
    """
    kinds, place = np.unique(delta, return_inverse=True)
    lived = np.array([float(survival(gamma, float(one), horizon).sum()) for one in kinds])
    spell: Floats = lived[place]
    return chance * spell

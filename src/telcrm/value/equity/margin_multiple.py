"""How many margins of one period a customer is worth: the sum of a geometric series."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, overload

import numpy as np

from telcrm.domain.choice import choose
from telcrm.errors import DivergentValueError
from telcrm.value.equity.arguments import Floats, read_shares, read_terms

__all__ = ["FirstMargin", "first_and_gap", "margin_multiple"]


class FirstMargin(StrEnum):
    """When the first margin comes in that counts, and whether it is sure to."""

    RENEWAL = "renewal"
    """At the end of the first period, if the customer stays: ``r / (1 + i - r)``.

    Of a customer just won or just renewed, whose margin of this period is counted elsewhere.
    Gupta, Lehmann (2003), Journal of Interactive Marketing 17(1), 9-24.
    """
    END = "end"
    """At the end of the first period, for sure: ``1 / (1 + i - r)``.

    Of a customer who pays at the end of each period, and only then may leave.
    """
    NOW = "now"
    """Now, for sure: ``(1 + i) / (1 + i - r)``.

    Of a customer who pays in advance. It is one margin more than at renewal.
    """


@overload
def margin_multiple(
    retention: float,
    discount_rate: float,
    *,
    first_margin: FirstMargin | str = ...,
    growth: float = ...,
    horizon: int | None = ...,
) -> float: ...


@overload
def margin_multiple(
    retention: Floats | Sequence[float],
    discount_rate: float,
    *,
    first_margin: FirstMargin | str = ...,
    growth: float = ...,
    horizon: int | None = ...,
) -> Floats: ...


def margin_multiple(
    retention: float | Floats | Sequence[float],
    discount_rate: float,
    *,
    first_margin: FirstMargin | str = FirstMargin.RENEWAL,
    growth: float = 0.0,
    horizon: int | None = None,
) -> float | Floats:
    """Return the present value of a customer as a multiple of its first margin.

    Parameters
    ----------
    retention : float in [0, 1], or array of them
        Chance that a customer of one period is one in the next, the same in every period.
    discount_rate : float, 0 or more
        Per period of ``retention``: 10 % a year is ``1.1 ** (1 / 12) - 1`` a month, as
        :meth:`telcrm.value.DiscountRate.per_period` tells.
    first_margin : FirstMargin
        ``"renewal"``, ``"end"`` or ``"now"``.
    growth : float above -1
        Of the margin of those who stay, per period; the first margin has not grown yet.
    horizon : int from 1 to 10 000, optional
        How many margins are counted. All future ones by default.

    Returns
    -------
    float, or array of the shape of ``retention``
        Times the margin of a period, it is the value. What it cost to win the customer is not
        taken off.

    Raises
    ------
    DivergentValueError
        Without a horizon, margins grow as fast as they are discounted, or faster:
        ``retention * (1 + growth) >= 1 + discount_rate``. Or the sum is too large for a float.
    ParameterError
        An argument is outside its range.

    Notes
    -----
    With ``q = r (1 + g) / (1 + i)`` the margins are worth ``f, f q, f q**2, ...``, where ``f`` is
    ``r / (1 + i)`` at renewal, ``1 / (1 + i)`` at the end, and 1 now. So the multiple is
    ``f / (1 - q)``, and over ``n`` margins ``f (1 - q**n) / (1 - q)``. At renewal, all future
    margins, that is ``r / (1 + i - r (1 + g))``.

    Retention is taken to be the same in every period and for all customers. Where customers differ,
    those who are left stay longer and longer, and the multiple of the average retention is too
    low: Fader, Hardie (2010), "Customer-Base Valuation in a Contractual Setting: The Perils of
    Ignoring Heterogeneity", Marketing Science 29(1), 85-93. Pass an array, one retention each.

    References
    ----------
    S. Gupta, D. R. Lehmann (2003), "Customers as Assets", Journal of Interactive Marketing 17(1),
    9-24; (2005), *Managing Customers as Investments*, Wharton School Publishing.

    Examples
    --------
    >>> round(margin_multiple(0.8, 0.12), 6)
    2.5
    >>> round(margin_multiple(0.8, 0.12, first_margin="now"), 6)
    3.5
    >>> margin_multiple([0.6, 0.9], 0.1).round(2).tolist()
    [1.2, 4.5]
    """
    timing = choose(FirstMargin, first_margin, "first_margin")
    kept = read_shares("retention", retention)
    count = read_terms(discount_rate, growth, horizon)
    first, gap = first_and_gap(kept, discount_rate, growth, timing)
    if count is None and bool((gap <= 0).any()):
        raise DivergentValueError(
            f"margin_multiple: with retention {float(kept.max())!r:.20}, growth {growth!r:.20} and "
            f"discount rate {discount_rate!r:.20} future margins have no finite sum. Give a "
            "horizon, or discount at a rate above the growth.",
            retention=float(kept.max()),
            growth=growth,
            discount_rate=discount_rate,
        )
    multiple: Floats = first / gap if count is None else first * _terms(gap, count)
    if not bool(np.isfinite(multiple).all()):
        raise DivergentValueError(
            f"margin_multiple: over {count} periods the sum is too large for a float. Shorten the "
            "horizon.",
            horizon=count,
        )
    return float(multiple) if multiple.ndim == 0 else multiple


def first_and_gap(
    retention: Any, discount_rate: float, growth: float, first_margin: FirstMargin
) -> tuple[Any, Any]:
    """Return the worth of the first margin, and by how much each is worth less than the one before.

    Parameters
    ----------
    retention : float, array or narwhals.stable.v2.Expr
        In [0, 1].
    discount_rate, growth : float
    first_margin : FirstMargin

    Returns
    -------
    tuple of two of the same kind as ``retention``
        ``f`` and ``1 - q`` of :func:`margin_multiple`.

    Examples
    --------
    >>> first_and_gap(0.5, 0.0, 0.0, FirstMargin.RENEWAL)
    (0.5, 0.5)
    """
    discount = 1.0 + discount_rate
    gap = (discount - retention * (1.0 + growth)) / discount
    match first_margin:
        case FirstMargin.RENEWAL:
            return retention / discount, gap
        case FirstMargin.END:
            return retention * 0.0 + 1.0 / discount, gap
        case FirstMargin.NOW:
            return retention * 0.0 + 1.0, gap


def _terms(gap: Floats, count: int) -> Floats:
    """Sum up ``1 + q + q**2 + ...``, also where the gap ``1 - q`` is nearly or exactly 0."""
    level = gap == 0.0
    some = np.where(level, 1.0, gap)
    # At q = 0 the logarithm is minus infinity, and its power 0, as it should be.
    with np.errstate(divide="ignore", over="ignore"):
        summed: Floats = -np.expm1(count * np.log1p(-some)) / some
    return np.where(level, float(count), summed)

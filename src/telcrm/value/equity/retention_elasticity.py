"""How much more a base is worth with five per cent less churn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import Any, Final, overload

import numpy as np

from telcrm.domain.choice import choose
from telcrm.errors import ParameterError
from telcrm.value.equity.arguments import Floats, is_number, read_shares, read_terms
from telcrm.value.equity.margin_multiple import FirstMargin, first_and_gap, margin_multiple

__all__ = [
    "REICHHELD_SASSER_GAIN",
    "RetentionChange",
    "RetentionWhatIf",
    "retention_elasticity",
    "retention_what_if",
]

REICHHELD_SASSER_GAIN: Final = (0.25, 0.85)
"""The range that is quoted for "5 % fewer defections": 25 % to 85 % more profit.

F. F. Reichheld, W. E. Sasser (1990), "Zero Defections: Quality Comes to Services", Harvard Business
Review 68(5), 105-111. It is not measured: it is computed, from the profits of a customer in each
year of its life, for a defection rate that falls by 5 *points*, as from 10 % to 5 %, which doubles
the life. What is compared is the value of a customer, not the profit of a year.
"""


class RetentionChange(StrEnum):
    """What "5 %" is a part of."""

    CHURN_CUT = "churn_cut"
    """Of churn: from 10 % to 9.5 %."""
    POINTS = "points"
    """Points of retention: from 90 % to 95 %. So Reichheld and Sasser computed."""
    RETENTION_RISE = "retention_rise"
    """Of retention: from 90 % to 94.5 %. What an elasticity is a multiple of."""


_WORDS = {
    RetentionChange.CHURN_CUT: "churn falls by {:.3g} % of itself",
    RetentionChange.POINTS: "retention rises by {:.3g} points",
    RetentionChange.RETENTION_RISE: "retention rises by {:.3g} % of itself",
}


@dataclass(frozen=True, slots=True)
class RetentionWhatIf:
    """What a base is worth before and after a change of retention.

    Attributes
    ----------
    value_before, value_after : float
        Present value of the base, major units.
    retention_before, retention_after : float
        Mean over customers.
    elasticity : float or None
        Per cent of value for one per cent more retention of everybody, at the start. None where
        the value before is 0.
    uniform_value_before, uniform_value_after : float
        The same base if all customers had its mean retention and its mean margin.
    customers : float
    at_limit : float
        Customers whose retention was held at 0 or 1, where the change would have led beyond.
    change : float
    meaning : RetentionChange
    assumption : str
        All that the answer rests on, in a sentence.
    """

    value_before: float
    value_after: float
    retention_before: float
    retention_after: float
    elasticity: float | None
    uniform_value_before: float
    uniform_value_after: float
    customers: float
    at_limit: float
    change: float
    meaning: RetentionChange
    assumption: str

    @property
    def gain(self) -> float | None:
        """Value after over value before, less 1; None unless the value before is positive."""
        return _gain(self.value_before, self.value_after)

    @property
    def uniform_gain(self) -> float | None:
        """The same of the base where all are alike: what a calculation from averages says."""
        return _gain(self.uniform_value_before, self.uniform_value_after)

    @property
    def gain_per_customer(self) -> float:
        """What the change may cost at most, once per customer, before it does not pay."""
        return (self.value_after - self.value_before) / self.customers

    @property
    def in_quoted_range(self) -> bool | None:
        """Whether the gain lies in :data:`REICHHELD_SASSER_GAIN`; None without a gain."""
        low, high = REICHHELD_SASSER_GAIN
        return None if self.gain is None else low <= self.gain <= high

    def __repr__(self) -> str:
        gain = "no gain defined" if self.gain is None else f"{self.gain:+.1%}"
        return (
            f"RetentionWhatIf({gain}: {self.value_before:,.2f} to {self.value_after:,.2f}, "
            f"retention {self.retention_before:.2%} to {self.retention_after:.2%}; "
            f"{self.assumption})"
        )


def retention_what_if(
    retention: float | Floats | Sequence[float],
    *,
    discount_rate: float,
    margin: float | Floats | Sequence[float] = 1.0,
    customers: float | Floats | Sequence[float] = 1.0,
    change: float = 0.05,
    meaning: RetentionChange | str = RetentionChange.CHURN_CUT,
    first_margin: FirstMargin | str = FirstMargin.RENEWAL,
    horizon: int | None = None,
) -> RetentionWhatIf:
    """Return what a base is worth if its customers stay longer, and under which assumption.

    Parameters
    ----------
    retention : float in [0, 1], or array of them
        Per period; of the whole base, or of each segment or customer.
    discount_rate : float, 0 or more
        Per period.
    margin : float, or array of the length of ``retention``
        Per customer and period.
    customers : float, 0 or more, or array of the length of ``retention``
        How many each retention stands for.
    change : float in [-1, 1]
        0.05 is the proverbial 5 %.
    meaning : RetentionChange
        What that is a part of: ``"churn_cut"``, ``"points"`` or ``"retention_rise"``.
    first_margin, horizon
        As of :func:`margin_multiple`.

    Returns
    -------
    RetentionWhatIf

    Raises
    ------
    DivergentValueError
        Some stay for ever, the future is not discounted, and there is no horizon.
    ParameterError
        An argument is outside its range, arrays differ in length, or there are no customers.

    Notes
    -----
    Value is the sum over customers of margin times :func:`margin_multiple`. Retention stays what
    it is for ever, margins do not grow with tenure, and the change costs nothing and reaches
    everybody. With different customers, those who stay are more and more the loyal ones; the
    average retention does not know that, so the value from averages is too low (Fader and Hardie
    2010). Both are in the result.

    References
    ----------
    F. F. Reichheld, W. E. Sasser (1990), see :data:`REICHHELD_SASSER_GAIN`. P. S. Fader, B. G. S.
    Hardie (2010), "Customer-Base Valuation in a Contractual Setting: The Perils of Ignoring
    Heterogeneity", Marketing Science 29(1), 85-93.

    Examples
    --------
    >>> cut = retention_what_if(0.9, discount_rate=0.1)
    >>> round(cut.gain, 3), cut.in_quoted_range
    (0.031, False)
    >>> points = retention_what_if(0.9, discount_rate=0.1, meaning="points")
    >>> round(points.gain, 3), points.in_quoted_range
    (0.407, True)
    >>> print(points.assumption)
    retention rises by 5 points; constant retention and margin, 10 % discount per period, all
    future periods, first margin at renewal
    """
    means = choose(RetentionChange, meaning, "meaning")
    timing = choose(FirstMargin, first_margin, "first_margin")
    by = _read_change(change)
    before = read_shares("retention", retention).reshape(-1)
    margins = _read_beside("margin", margin, before)
    counts = _read_beside("customers", customers, before)
    if not bool((counts >= 0).all()) or not counts.sum() > 0:
        raise ParameterError(
            "customers has to hold numbers of 0 or more, and one above 0.", parameter="customers"
        )
    moved = _move(before, by, means)
    after = np.clip(moved, 0.0, 1.0)
    weights, number = counts * margins, float(counts.sum())
    mean_before, mean_after = float(counts @ before) / number, float(counts @ after) / number

    def multiples(shares: Floats) -> Floats:
        return margin_multiple(shares, discount_rate, first_margin=timing, horizon=horizon)

    worth = weights * multiples(before)
    total = float(worth.sum())
    each = retention_elasticity(before, discount_rate, first_margin=timing, horizon=horizon)
    uniform = float(weights.sum()) * multiples(np.array([mean_before, mean_after]))
    return RetentionWhatIf(
        value_before=total,
        value_after=float(weights @ multiples(after)),
        retention_before=mean_before,
        retention_after=mean_after,
        elasticity=float(worth @ each) / total if total else None,
        uniform_value_before=float(uniform[0]),
        uniform_value_after=float(uniform[1]),
        customers=number,
        at_limit=float(counts[moved != after].sum()),
        change=by,
        meaning=means,
        assumption=_assumption(by, means, discount_rate, timing, horizon),
    )


@overload
def retention_elasticity(
    retention: float,
    discount_rate: float,
    *,
    first_margin: FirstMargin | str = ...,
    growth: float = ...,
    horizon: int | None = ...,
) -> float: ...


@overload
def retention_elasticity(
    retention: Floats | Sequence[float],
    discount_rate: float,
    *,
    first_margin: FirstMargin | str = ...,
    growth: float = ...,
    horizon: int | None = ...,
) -> Floats: ...


def retention_elasticity(
    retention: float | Floats | Sequence[float],
    discount_rate: float,
    *,
    first_margin: FirstMargin | str = FirstMargin.RENEWAL,
    growth: float = 0.0,
    horizon: int | None = None,
) -> float | Floats:
    """Return by how many per cent value rises if retention rises by one per cent of itself.

    Parameters
    ----------
    retention, discount_rate, first_margin, growth, horizon
        As of :func:`margin_multiple`.

    Returns
    -------
    float, or array of the shape of ``retention``
        Of a small change.

    Raises
    ------
    DivergentValueError, ParameterError
        As :func:`margin_multiple` does.

    Notes
    -----
    ``d ln V / d ln r``. At renewal and over all future periods it is
    ``(1 + i) / (1 + i - r (1 + g))``, one more than if the first margin is sure. It is also the
    mean time to the margins, each weighted by its present value, as the duration of a bond.

    Examples
    --------
    >>> round(retention_elasticity(0.8, 0.12), 6)
    3.5
    """
    timing = choose(FirstMargin, first_margin, "first_margin")
    # It refuses what has no value, so that the rest need not.
    margin_multiple(
        retention,
        discount_rate,
        first_margin=timing,
        growth=growth,
        horizon=horizon,
    )
    kept = read_shares("retention", retention)
    count = read_terms(discount_rate, growth, horizon)
    _, gap = first_and_gap(kept, discount_rate, growth, timing)
    mean: Floats = (1.0 - gap) / gap if count is None else _mean_term(1.0 - gap, count)
    elasticity = mean + 1.0 if timing is FirstMargin.RENEWAL else mean
    return float(elasticity) if kept.ndim == 0 else elasticity


def _mean_term(ratio: Floats, count: int) -> Floats:
    """Return the mean of 0, 1, ... weighted by ``q**0, q**1, ...``.

    Term by term: the closed form loses all digits where q is near 1.
    """
    weight, total, weighted = np.ones_like(ratio), np.zeros_like(ratio), np.zeros_like(ratio)
    for term in range(count):
        total += weight
        weighted += term * weight
        weight = weight * ratio
    return weighted / total


def _move(retention: Floats, by: float, meaning: RetentionChange) -> Floats:
    match meaning:
        case RetentionChange.CHURN_CUT:
            return retention + by * (1.0 - retention)
        case RetentionChange.POINTS:
            return retention + by
        case RetentionChange.RETENTION_RISE:
            return retention * (1.0 + by)


def _read_change(change: Any) -> float:
    if not is_number(change) or not -1 <= change <= 1:
        raise ParameterError(
            f"change is {change!r:.40}, and has to be a number from -1 to 1, such as 0.05.",
            change=change,
        )
    return float(change)


def _read_beside(name: str, given: object, retention: Floats) -> Floats:
    """Read numbers that stand beside retention: one each, or one for all."""
    try:
        numbers = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        numbers = np.array(np.nan)
    if not bool(np.isfinite(numbers).all()) or numbers.shape not in {(), retention.shape}:
        raise ParameterError(
            f"{name} is {given!r:.60}, and has to be a number, or an array of {retention.size} "
            "numbers as retention is.",
            parameter=name,
            value=given,
        )
    return np.broadcast_to(numbers, retention.shape)


def _gain(before: float, after: float) -> float | None:
    return after / before - 1.0 if before > 0 and isfinite(after) else None


def _assumption(
    by: float,
    meaning: RetentionChange,
    discount_rate: float,
    first_margin: FirstMargin,
    horizon: int | None,
) -> str:
    span = "all future periods" if horizon is None else f"{horizon} periods"
    begins = {
        FirstMargin.RENEWAL: "at renewal",
        FirstMargin.END: "at the end of the period",
        FirstMargin.NOW: "now",
    }[first_margin]
    return (
        f"{_WORDS[meaning].format(100 * by)}; constant retention and margin, "
        f"{100 * discount_rate:.3g} % discount per period, {span}, first margin {begins}"
    )

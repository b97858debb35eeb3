"""Arithmetic and sentences that are the same for numbers and for columns of them.

A signal's formula is written once in terms of these; a quantity is a number, for one customer, or
a narwhals expression, for a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from typing import Any, Final, TypeAlias

import narwhals.stable.v2 as nw

from telcrm.churn.warnings.signal_policy import SeverityRange

__all__ = [
    "LAST_RANK",
    "Case",
    "Facts",
    "Quantity",
    "as_column",
    "bounded",
    "counted",
    "decayed",
    "either",
    "least_of",
    "most_of",
    "ramp",
    "rank",
    "sentence",
    "whole",
]

Quantity: TypeAlias = Any
"""A number, a flag or a text, or a narwhals expression of one."""

Facts: TypeAlias = Mapping[str, Quantity]
"""What is known of a line, a customer or an event, by name."""


LAST_RANK: Final = 1
"""Of what does not fire."""


@dataclass(frozen=True, slots=True)
class Case:
    """One way in which a signal can fire.

    Attributes
    ----------
    holds : bool or narwhals.stable.v2.Expr
    severity : float or narwhals.stable.v2.Expr
        0 to 1.
    age_days : int or narwhals.stable.v2.Expr
        Days since the evidence; 0 for what still holds.
    words : str or narwhals.stable.v2.Expr
    """

    holds: Quantity
    severity: Quantity
    age_days: Quantity
    words: Quantity


def bounded(value: Quantity, low: float, high: float) -> Quantity:
    """Return a value, or the end of a range that it lies beyond.

    Examples
    --------
    >>> bounded(1.5, 0.0, 1.0)
    1.0
    """
    if isinstance(value, nw.Expr):
        return value.clip(low, high)
    return min(max(value, low), high)


def least_of(*values: Quantity) -> Quantity:
    """Return the least of one or more values."""
    if len(values) == 1:  # Spark wants two.
        return values[0]
    if isinstance(values[0], nw.Expr):
        return nw.min_horizontal(*values)
    return min(values)


def most_of(*values: Quantity) -> Quantity:
    """Return the greatest of some values."""
    if isinstance(values[0], nw.Expr):
        return nw.max_horizontal(*values)
    return max(values)


def either(condition: Quantity, this: Quantity, otherwise: Quantity) -> Quantity:
    """Return one value where a condition holds, and the other where it does not.

    Examples
    --------
    >>> either(3 > 2, "more", "less")
    'more'
    """
    if isinstance(condition, nw.Expr):
        return nw.when(condition).then(as_column(this)).otherwise(as_column(otherwise))
    return this if condition else otherwise


def ramp(value: Quantity, start: float, end: float, severity: SeverityRange) -> Quantity:
    """Return the severity between two values: the least up to ``start``, the most from ``end`` on.

    Parameters
    ----------
    value : number or narwhals.stable.v2.Expr
    start, end : float
        ``end`` above ``start``; if they are equal, the severity jumps after it.
    severity : SeverityRange

    Examples
    --------
    >>> ramp(45, 30, 60, SeverityRange(least=0.2, most=0.6))
    0.4
    """
    part = bounded((value - start) / max(end - start, 1e-9), 0.0, 1.0)
    return bounded(severity.least + (severity.most - severity.least) * part, 0.0, 1.0)


def decayed(severity: Quantity, age_days: Quantity, half_life_days: float) -> Quantity:
    """Return a severity halved with every half-life.

    Examples
    --------
    >>> decayed(0.8, 60, 30.0)
    0.2
    """
    return severity * 0.5 ** (age_days / half_life_days)


def rank(weight: Quantity) -> Quantity:
    """Order weights from the greatest down, 0 at the end, as whole numbers.

    Rounded to 9 decimals: what differs by the noise of floats is equal, on every engine.

    Examples
    --------
    >>> rank(0.5) < rank(0.25) < rank(0.0) < LAST_RANK
    True
    """
    if isinstance(weight, nw.Expr):
        return (weight * -1e9).round().cast(nw.Int64)
    return round(weight * -1e9)


def whole(value: Quantity) -> Quantity:
    """Write a number of 0 or more, rounded to a whole one, halves up.

    Examples
    --------
    >>> whole(12.5)
    '13'
    """
    if isinstance(value, nw.Expr):
        return (value + 0.5).floor().cast(nw.Int64).cast(nw.String)
    return str(floor(value + 0.5))


def counted(count: Quantity, thing: str) -> Quantity:
    """Write a count and what is counted.

    Examples
    --------
    >>> counted(1, "day"), counted(14, "day")
    ('1 day', '14 days')
    """
    return either(count == 1, f"1 {thing}", sentence(whole(count), f" {thing}s"))


def sentence(*parts: Quantity) -> Quantity:
    """Join texts.

    Examples
    --------
    >>> sentence("The contract ends in ", counted(12, "day"), ".")
    'The contract ends in 12 days.'
    """
    if any(isinstance(part, nw.Expr) for part in parts):
        return nw.concat_str([as_column(part) for part in parts])
    return "".join(parts)


def as_column(value: Quantity) -> nw.Expr:
    """Express a value, if it is not an expression yet."""
    return value if isinstance(value, nw.Expr) else nw.lit(value)

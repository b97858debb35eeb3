"""How a value is written: for people, in English, with thousands separators."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from math import isinf
from typing import Any

from telcrm.plots.words import MINUS, compact, legible

__all__ = ["Kind", "short", "show", "span"]

_MISSING = "\N{EN DASH}"
_NARROW = "\N{NO-BREAK SPACE}"


class Kind(StrEnum):
    """What a number or a text means, and so how it is written.

    ``money`` is an amount large enough to be read without its decimals, ``price`` one that is not.
    ``share`` is a fraction, written in percent; ``points`` a difference of two shares.
    """

    TEXT = "text"
    COUNT = "count"
    NUMBER = "number"
    MONEY = "money"
    PRICE = "price"
    SHARE = "share"
    POINTS = "points"
    DAY = "day"
    MONTH = "month"

    @property
    def numeric(self) -> bool:
        """Whether values of this kind stand right-aligned."""
        return self not in (Kind.TEXT, Kind.DAY, Kind.MONTH)


def show(value: Any, kind: Kind, *, decimals: int = 2) -> str:
    """Write a value for a table cell.

    Parameters
    ----------
    value : object
        None is written as a dash: there is no number.
    kind : Kind
    decimals : int
        Decimals of a price: the exponent of its currency.

    Returns
    -------
    str

    Examples
    --------
    >>> show(1234567, Kind.COUNT), show(0.0256, Kind.SHARE), show(9.5, Kind.PRICE)
    ('1,234,567', '2.6%', '9.50')
    """
    if value is None or value != value:  # noqa: PLR0124 - NaN is the value that differs from itself
        return _MISSING
    if kind.numeric and isinf(value):
        return "\N{INFINITY}" if value > 0 else f"{MINUS}\N{INFINITY}"
    match kind:
        case Kind.TEXT:
            return legible(value)
        case Kind.DAY:
            return f"{value:%Y-%m-%d}"
        case Kind.MONTH:
            return f"{value:%b %Y}"
        case Kind.COUNT | Kind.MONEY:
            written = f"{round(value):,}"
        case Kind.PRICE:
            written = f"{value:,.{decimals}f}"
        case Kind.NUMBER:
            written = f"{value:,.1f}"
        case Kind.SHARE:
            written = f"{100 * value:.1f}%"
        case Kind.POINTS:
            written = f"{100 * value:+.1f}"
    return _signed(written)


def short(value: float | None, kind: Kind, *, unit: str = "") -> str:
    r"""Write a number for a key figure or an axis: three digits and a scale, never an exponent.

    Parameters
    ----------
    value : float, optional
    kind : Kind
    unit : str
        Stands before the number, for example ``"EUR"``.

    Returns
    -------
    str

    Examples
    --------
    >>> short(1234567, Kind.MONEY, unit="EUR"), short(950, Kind.COUNT), short(0.021, Kind.SHARE)
    ('EUR\xa01.23M', '950', '2.1%')
    """
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return _MISSING
    before = f"{unit}{_NARROW}" if unit else ""
    if kind not in (Kind.COUNT, Kind.MONEY) or isinf(value):
        return before + show(value, kind)
    in_full = abs(value) < 1e6 if kind is Kind.COUNT else abs(round(value)) < 1000
    return before + (show(value, kind) if in_full else compact(value))


def span(first: date | None, last: date | None) -> str:
    """Write a span of days.

    Parameters
    ----------
    first, last : date, optional

    Returns
    -------
    str

    Examples
    --------
    >>> span(date(2025, 1, 1), date(2025, 12, 31))
    '2025-01-01 to 2025-12-31'
    """
    if first is None or last is None:
        return _MISSING
    return f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"


def _signed(written: str) -> str:
    """Replace the hyphen, and let no rounded zero stand as "-0"."""
    digits = written.lstrip("-+")
    if not any(character in "123456789" for character in digits):
        return digits
    return written.replace("-", MINUS)

"""How a plot writes numbers, months and names; the report, too."""

from __future__ import annotations

import re
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

__all__ = [
    "MINUS",
    "clipped",
    "compact",
    "grouped",
    "legible",
    "month",
    "percent",
    "signed",
]

MINUS: Final = "\N{MINUS SIGN}"
_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SCALES: Final = ((12, "tn"), (9, "bn"), (6, "M"), (3, "k"))
_THREE_DIGITS: Final = Context(prec=3, rounding=ROUND_HALF_EVEN)


def grouped(number: float) -> str:
    r"""Write a whole number with its thousands set apart.

    Examples
    --------
    >>> grouped(1234567), grouped(-0.2)
    ('1,234,567', '0')
    """
    return f"{round(number):,}".replace("-", MINUS)


def compact(number: float) -> str:
    """Write an amount in three digits and a scale, never with an exponent.

    Examples
    --------
    >>> compact(1234567), compact(999_950), compact(12.345), compact(0)
    ('1.23M', '1M', '12.3', '0')
    """
    # Rounded first: 999,950 is 1M, not 1000k.
    rounded = _THREE_DIGITS.create_decimal(Decimal(number))
    exponent, letter = next((scale for scale in _SCALES if abs(rounded) >= 10 ** scale[0]), (0, ""))
    scaled = f"{rounded.scaleb(-exponent):,f}"
    digits = scaled.rstrip("0").rstrip(".") if "." in scaled else scaled
    return (digits + letter).replace("-", MINUS)


def signed(number: float, *, whole: bool) -> str:
    """Write a change with its sign.

    Parameters
    ----------
    number : float
    whole : bool
        Whether it counts things, and is written in full.

    Examples
    --------
    >>> signed(1200, whole=True), signed(1200, whole=False)
    ('+1,200', '+1.2k')
    """
    written = grouped(number) if whole else compact(number)
    return f"+{written}" if number > 0 else written


def percent(share: float) -> str:
    """Write a share of 0 or more; what is less than a whole percent is not written as none.

    Examples
    --------
    >>> percent(0.256), percent(0.004), percent(0.0)
    ('26%', '<1%', '0%')
    """
    return "<1%" if 0 < share < 0.005 else f"{100 * share:.0f}%"


def month(day: date) -> str:
    """Write a month.

    Examples
    --------
    >>> month(date(2024, 1, 1))
    'Jan 2024'
    """
    return f"{day:%b %Y}"


def legible(text: object) -> str:
    r"""Replace the control characters in a text: neither HTML nor SVG can hold them.

    Parameters
    ----------
    text : object

    Returns
    -------
    str

    Examples
    --------
    >>> legible("Z\x00oe") == "Z\N{REPLACEMENT CHARACTER}oe"
    True
    """
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", str(text))


def clipped(text: object, longest: int = 24) -> str:
    """Cut a legible name to a length that leaves room for the plot.

    Parameters
    ----------
    text : object
    longest : int
        Characters.

    Examples
    --------
    >>> clipped("a" * 40, 5)
    'aaaa…'
    """
    whole = legible(text)
    return whole if len(whole) <= longest else whole[: longest - 1] + "…"

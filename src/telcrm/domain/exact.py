"""Exact numbers: how an amount or a factor is read, and how a fine one is rounded.

Nothing here depends on the caller's decimal context.
"""

from __future__ import annotations

import re
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from enum import StrEnum
from numbers import Real
from operator import index
from typing import Final

from telcrm.domain.choice import choose
from telcrm.errors import InexactAmountError, MoneyError

__all__ = [
    "EXACT",
    "MAX_DIGITS",
    "NUMBER_PATTERN",
    "Rounding",
    "exact_decimal",
    "round_to_whole",
    "whole_number",
]


class Rounding(StrEnum):
    """What to do with the part of an amount that is finer than the minor unit."""

    HALF_UP = "half_up"
    """To the nearest unit, halves away from zero: what most tax codes ask for."""
    HALF_EVEN = "half_even"
    """To the nearest unit, halves to the even one: no drift over many amounts."""
    HALF_DOWN = "half_down"
    """To the nearest unit, halves towards zero."""
    UP = "up"
    """Away from zero."""
    DOWN = "down"
    """Towards zero."""
    CEILING = "ceiling"
    """Towards plus infinity."""
    FLOOR = "floor"
    """Towards minus infinity."""


MAX_DIGITS: Final = 100
"""Numbers lie between 10**-100 and 10**100: more is a slip or an attack, not money."""

EXACT: Final = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Shifts and products in this context never round; the limit above keeps them short."""

NUMBER_PATTERN: Final = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)"

_NUMBER = re.compile(NUMBER_PATTERN)


def exact_decimal(value: object, what: str) -> Decimal:
    """Return a number as a finite Decimal, or refuse it.

    Parameters
    ----------
    value : Decimal, int or str
        An integer of another library, such as NumPy's, counts as an int. A string has digits and
        at most one point: no exponent, no thousands separator.
    what : str
        What the number is, for the message.

    Returns
    -------
    Decimal

    Raises
    ------
    InexactAmountError
        A float, or another kind of number that may not be exact.
    MoneyError
        No number, not finite, or outside 10**-100 to 10**100.

    Examples
    --------
    >>> exact_decimal("12.50", "amount")
    Decimal('12.50')
    """
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            raise MoneyError(
                f"{what} {value!r:.60} is not a number: write digits with a point, like '1234.50'.",
                value=value,
            )
        number = Decimal(value)
    elif isinstance(value, Decimal):
        number = value
    elif (whole := whole_number(value)) is not None:
        # Comparing is free; turning an int of a million digits into a Decimal takes seconds.
        fits = -(10**MAX_DIGITS) < whole < 10**MAX_DIGITS
        number = Decimal(whole) if fits else Decimal("Infinity")
    else:
        no_number = isinstance(value, bool) or not isinstance(value, Real)
        refusal = MoneyError if no_number else InexactAmountError
        raise refusal(
            f"{what} {value!r:.60} is of type {type(value).__name__}: pass a Decimal, an int or a "
            f"string; a float cannot hold most amounts.",
            value=value,
        )
    if not number.is_finite() or (number and abs(number.adjusted()) >= MAX_DIGITS):
        raise MoneyError(
            f"{what} {number!s:.60} is not a finite number between 10**-{MAX_DIGITS} and "
            f"10**{MAX_DIGITS}: look for a slip.",
            value=value,
        )
    return number


def whole_number(value: object) -> int | None:
    """Return the int that an integer of any library stands for, or None if it is none.

    Examples
    --------
    >>> whole_number(5), whole_number(True), whole_number(5.0)
    (5, None, None)
    """
    # By name, because this room does without NumPy, whose bool_ was an index before version 2.
    if type(value).__name__ in {"bool", "bool_"}:
        return None
    try:
        return index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def round_to_whole(number: Decimal, rounding: Rounding) -> int:
    """Return the whole number next to a Decimal, in the direction asked for.

    Examples
    --------
    >>> round_to_whole(Decimal("2.5"), Rounding.HALF_EVEN)
    2
    """
    mode = f"ROUND_{choose(Rounding, rounding, 'rounding').name}"
    return int(number.to_integral_value(rounding=mode, context=EXACT))

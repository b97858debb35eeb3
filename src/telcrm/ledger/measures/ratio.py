"""Ratios of amounts: what they are made of is checked, and they are rounded once."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from telcrm.domain.currency import Currency
from telcrm.domain.money import Money
from telcrm.errors import ParameterError

__all__ = ["ROUNDED", "quotient", "require_not_negative", "require_positive"]

ROUNDED: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)
"""Our own, so that the caller's decimal context has no influence."""


def quotient(numerator: int, denominator: int) -> Decimal:
    """Divide whole numbers, such as minor units, and round once to 28 significant digits.

    Parameters
    ----------
    numerator, denominator : int
        The denominator is not 0.

    Returns
    -------
    Decimal

    Examples
    --------
    >>> quotient(2, 23)
    Decimal('0.08695652173913043478260869565')
    """
    return ROUNDED.divide(Decimal(numerator), Decimal(denominator))


def require_not_negative(name: str, amount: Money, currency: Currency) -> None:
    """Refuse an amount below 0, or in another currency.

    Parameters
    ----------
    name : str
        What the amount is, for the message.
    amount : Money
    currency : Currency
        The currency of the amounts that it meets.

    Raises
    ------
    ParameterError
        It is negative.
    CurrencyMismatchError
        It is in another currency.
    """
    if amount < Money.zero(currency):
        raise ParameterError(f"{name} is {amount}: it must be 0 or more.", parameter=name)


def require_positive(name: str, amount: Money, currency: Currency) -> None:
    """Refuse an amount that cannot be a denominator: 0 or below, or in another currency.

    Parameters
    ----------
    name : str
        What the amount is, for the message.
    amount : Money
    currency : Currency
        The currency of the amounts that it meets.

    Raises
    ------
    ParameterError
        It is 0 or negative.
    CurrencyMismatchError
        It is in another currency.
    """
    if amount <= Money.zero(currency):
        raise ParameterError(
            f"{name} is {amount}: the measure divides by it, so it must be above 0.",
            parameter=name,
        )

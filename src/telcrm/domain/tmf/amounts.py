"""Money as TM Forum writes it: a unit and a JSON number."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from telcrm.domain.currency import Currency
from telcrm.domain.iso4217_table import CODES
from telcrm.domain.money import Money, Rounding
from telcrm.domain.tmf.cursor import Cursor, Slot, Unusable
from telcrm.domain.tmf.places import plain
from telcrm.domain.tmf.reading import DeviationRule as Rule
from telcrm.errors import MoneyError, TmfError

__all__ = ["MONEY", "currency_code", "tmf_money"]

# A double keeps every decimal number of 15 digits apart, and not every one of 16.
_EXACT_UNITS = 10**15

_NAMES = {
    **{plain(facts[1]): code for code, facts in CODES.items()},
    "€": "EUR",
    "euros": "EUR",
    "dollarus": "USD",
    "usdollars": "USD",
    "poundssterling": "GBP",
}


def currency_code(said: str) -> str | None:
    """Return the ISO 4217 code that a unit means, or None.

    Parameters
    ----------
    said : str
        A code in any case, or the English name in ISO 4217, such as ``Euro``.

    Returns
    -------
    str or None

    Examples
    --------
    >>> currency_code("Euro"), currency_code("usd"), currency_code("$")
    ('EUR', 'USD', None)
    """
    if said.upper() in CODES:
        return said.upper()
    return _NAMES.get(plain(said) or said)


def tmf_money(money: Money) -> dict[str, Any]:
    """Return an amount as ``{"unit": ..., "value": ...}``.

    Parameters
    ----------
    money : Money

    Returns
    -------
    dict
        The value is an int where it is whole, else a float that reads back exactly.

    Raises
    ------
    TmfError
        No float tells the amount from its neighbours.

    Examples
    --------
    >>> tmf_money(Money("12.50", "EUR"))
    {'unit': 'EUR', 'value': 12.5}
    """
    amount = money.amount
    if amount == int(amount):
        return {"unit": money.currency.code, "value": int(amount)}
    if abs(money.minor_units) > _EXACT_UNITS:
        message = (
            f"{money} cannot be written: TM Forum has amounts as JSON numbers, and no float holds "
            "this one exactly. Split it, or exchange it in another format."
        )
        raise TmfError(message, value=money)
    return {"unit": money.currency.code, "value": float(amount)}


class _Money:
    def read(self, slot: Slot) -> Money:
        """Return the amount."""
        raw = slot.value
        if isinstance(raw, Mapping):
            inner = slot.cursor.object(slot.name)
            assert inner is not None  # noqa: S101 - a mapping is what object() gives
            try:
                money = self._from(inner, slot)
            except Unusable:
                slot.release()
                raise
            slot.take()
            return money
        if raw is None or isinstance(raw, list):
            rule = Rule.EMPTY if raw is None else Rule.WRONG_TYPE
            raise Unusable(rule, "an amount {unit, value} should stand here")
        number = _number(slot)
        currency = slot.report.currency
        if currency is None:
            raise Unusable(Rule.MONEY_UNIT, 'no unit: pass assume={"currency": ...}')
        slot.note(Rule.WRONG_TYPE, currency, "a bare number stands in place of an amount")
        money = _exact(number, currency, slot)
        slot.take()
        return money

    def _from(self, inner: Cursor, slot: Slot) -> Money:
        value = inner.slot("value") or inner.slot("amount")
        if value is None:
            raise Unusable(Rule.INVALID_VALUE, "the amount has no value")
        if value.key != "value":
            value.note(Rule.FIELD_NAME, "value", f"the field is called {value.key!r}")
        number = _number(value)
        currency = _unit(inner, slot)
        money = _exact(number, currency, value)
        value.take()
        return money

    def write(self, value: Money) -> dict[str, Any]:
        """Return ``{"unit": ..., "value": ...}``."""
        return tmf_money(value)


def _number(slot: Slot) -> Decimal:
    value = slot.value
    if isinstance(value, str):
        slot.note(Rule.NUMBER_AS_STRING, value.strip(), "the number is written as text")
        value = value.strip()
    elif isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Unusable(Rule.WRONG_TYPE, f"a number should stand here, not {value!r}")
    try:
        # repr gives the shortest text that reads back: 12.1, not 12.0999999999999996447.
        return Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        raise Unusable(Rule.WRONG_TYPE, f"{value!r} is no number") from None


def _unit(inner: Cursor, slot: Slot) -> str:
    found = inner.slot("unit") or inner.slot("currency") or inner.slot("currencyCode")
    fallback = slot.report.currency
    said = "" if found is None else str(found.value or "").strip()
    code = currency_code(said) if said else None
    if found is not None and code is not None:
        if found.key != "unit":
            found.note(Rule.FIELD_NAME, "unit", f"the field is called {found.key!r}")
        if code != found.value:
            found.note(Rule.MONEY_UNIT, code, f"{found.value!r} stands for {code!r}")
        found.take()
        return code
    why = f"{said!r} is no currency of ISO 4217" if said else "the amount names no unit"
    if fallback is None:
        raise Unusable(Rule.MONEY_UNIT, f'{why}: pass assume={{"currency": ...}}')
    path = inner.path + ".unit"
    slot.report.note(path, Rule.MONEY_UNIT, said or None, fallback, f"{why}: {fallback} is assumed")
    return fallback


def _exact(number: Decimal, currency: str, slot: Slot) -> Money:
    try:
        money = Money.rounded(number, currency, rounding=Rounding.HALF_UP)
    except MoneyError as error:
        raise Unusable(Rule.INVALID_VALUE, error.message.rstrip(".")) from None
    if money.amount != number:
        slot.note(Rule.MONEY_ROUNDED, money, f"{number} is finer than {Currency(currency)} allows")
    elif isinstance(slot.value, float) and abs(money.minor_units) > _EXACT_UNITS:
        slot.note(Rule.MONEY_ROUNDED, money, "no float holds an amount of this size exactly")
    return money


MONEY = _Money()

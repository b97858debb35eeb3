"""Exact amounts of money in one currency.

A :class:`Money` is a whole number of its currency's minor units, shown as a decimal amount. Nothing
here rounds unless it is told how, no currency is ever converted, and no unit is lost when an amount
is split. The decimal context of the caller has no influence.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from math import lcm
from numbers import Real
from typing import Any, Final, final

from pydantic import (
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SerializationInfo,
    ValidatorFunctionWrapHandler,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from telcrm.domain.apportion import apportion
from telcrm.domain.choice import choose
from telcrm.domain.currency import Currency
from telcrm.domain.exact import (
    EXACT,
    MAX_DIGITS,
    NUMBER_PATTERN,
    Rounding,
    exact_decimal,
    round_to_whole,
    whole_number,
)
from telcrm.errors import (
    CurrencyMismatchError,
    InexactAmountError,
    MinorUnitError,
    MoneyError,
    ParameterError,
)

__all__ = [
    "CurrencyPosition",
    "Money",
    "Rounding",
]


class CurrencyPosition(StrEnum):
    """Where a formatted amount shows its currency code."""

    AFTER = "after"
    BEFORE = "before"
    OMITTED = "omitted"


_LIMIT: Final = 10**MAX_DIGITS


def _currency(currency: Currency | str) -> Currency:
    return currency if isinstance(currency, Currency) else Currency(currency)


def _exponent(currency: Currency) -> int:
    if currency.exponent is None:
        raise MinorUnitError(
            f"{currency.code} ({currency.name}) has no minor unit in ISO 4217, so no amount in it "
            f"is exact: convert it to the currency of the account first.",
            currency=currency.code,
        )
    return currency.exponent


@final
class Money:
    """An exact amount in one currency; immutable and hashable.

    Parameters
    ----------
    amount : Decimal, int or str
        In major units (euros, not cents). Never a float. Not finer than the minor unit:
        :meth:`rounded` makes it so. Below 10**100 minor units.
    currency : Currency or str
        ISO 4217. Currencies without a minor unit (XAU, XDR, ...) are refused.

    Raises
    ------
    InexactAmountError
        The amount is a float, or another number that is not exact.
    MinorUnitError
        The amount is finer than the minor unit, or the currency has none.
    MoneyError
        The amount is no number, not finite, or beyond all bounds.
    UnknownCurrencyError
        The currency is not in ISO 4217.

    Notes
    -----
    A pydantic field of this type takes a ``Money`` or ``{"amount": "12.50", "currency": "EUR"}``,
    and JSON holds the latter. An amount may be a whole number there, never a float.

    Examples
    --------
    >>> Money("12.5", "EUR") + Money(3, "EUR")
    Money('15.50', 'EUR')
    >>> Money("1", "EUR") == Money("1.00", "EUR")
    True
    >>> Money("1.005", "EUR")
    Traceback (most recent call last):
        ...
    telcrm.errors.MinorUnitError: [TC-MONEY-005] ...
    """

    __slots__ = ("_currency", "_minor")

    _currency: Currency
    _minor: int

    def __init__(self, amount: Decimal | int | str, currency: Currency | str) -> None:
        currency = _currency(currency)
        exponent = _exponent(currency)
        units = exact_decimal(amount, "amount").scaleb(exponent, EXACT)
        whole = units.to_integral_value(context=EXACT)
        if units != whole:
            raise MinorUnitError(
                f"amount {amount} is finer than the minor unit of {currency.code} ({exponent} "
                f"decimals): round it with Money.rounded({str(amount)!r}, {currency.code!r}, "
                f"rounding=Rounding.HALF_UP) or another mode.",
                value=amount,
                currency=currency.code,
            )
        self._minor = _sane(int(whole), currency)
        self._currency = currency

    @classmethod
    def from_minor(cls, units: int, currency: Currency | str) -> Money:
        """Return the amount of a whole number of minor units (cents).

        Examples
        --------
        >>> Money.from_minor(1250, "EUR")
        Money('12.50', 'EUR')
        """
        whole = whole_number(units)
        if whole is None:
            kind = type(units).__name__
            raise InexactAmountError(
                f"minor units {units!r} are a {kind}: pass an int.", value=units
            )
        currency = _currency(currency)
        _exponent(currency)
        return _of(whole, currency)

    @classmethod
    def zero(cls, currency: Currency | str) -> Money:
        """Return nothing, in a currency.

        Examples
        --------
        >>> Money.zero("JPY")
        Money('0', 'JPY')
        """
        return cls.from_minor(0, currency)

    @classmethod
    def rounded(
        cls, value: Decimal | int | str, currency: Currency | str, *, rounding: Rounding
    ) -> Money:
        """Return the amount nearest to a value, in the direction asked for.

        Parameters
        ----------
        value : Decimal, int or str
            In major units, with any number of decimals.
        currency : Currency or str
        rounding : Rounding

        Examples
        --------
        >>> Money.rounded("1.005", "EUR", rounding=Rounding.HALF_UP)
        Money('1.01', 'EUR')
        """
        currency = _currency(currency)
        exact = exact_decimal(value, "amount").scaleb(_exponent(currency), EXACT)
        return _of(round_to_whole(exact, rounding), currency)

    @classmethod
    def sum(cls, items: Iterable[Money], *, currency: Currency | str) -> Money:
        """Add amounts up; the currency says what the sum of none is.

        Raises
        ------
        CurrencyMismatchError
            An item is in another currency; the message names its position.

        Examples
        --------
        >>> Money.sum([Money("0.10", "EUR"), Money("0.20", "EUR")], currency="EUR")
        Money('0.30', 'EUR')
        >>> Money.sum([], currency="EUR")
        Money('0.00', 'EUR')
        """
        currency = _currency(currency)
        _exponent(currency)
        total = 0
        offered: Iterable[object] = items
        for position, item in enumerate(offered):
            if not isinstance(item, Money):
                kind = type(item).__name__
                raise MoneyError(f"item {position} is no Money but {kind}.", position=position)
            if item.currency is not currency:
                raise CurrencyMismatchError(
                    f"item {position} is {item}, the sum is in {currency.code}: "
                    f"group by currency first.",
                    position=position,
                    currencies=(currency.code, item.currency.code),
                )
            total += item.minor_units
        return _of(total, currency)

    @property
    def amount(self) -> Decimal:
        """Major units, with all the decimals of the currency."""
        return Decimal(self._minor).scaleb(-_exponent(self._currency), EXACT)

    @property
    def currency(self) -> Currency:
        """The currency."""
        return self._currency

    @property
    def minor_units(self) -> int:
        """The amount in minor units (cents)."""
        return self._minor

    def times(self, factor: Decimal | int | str, *, rounding: Rounding) -> Money:
        """Return the amount times an exact factor, rounded once.

        Examples
        --------
        >>> Money("9.99", "EUR").times("0.19", rounding=Rounding.HALF_UP)
        Money('1.90', 'EUR')
        """
        product = EXACT.multiply(Decimal(self._minor), exact_decimal(factor, "factor"))
        return _of(round_to_whole(product, rounding), self._currency)

    def allocate(self, weights: Iterable[Decimal | int]) -> tuple[Money, ...]:
        """Split in proportion to weights; the parts always add up to the whole.

        Each part is the exact share rounded down or up to the minor unit. The units left over by
        rounding down go to the largest remainders, the earlier part first among equals (the method
        of Hare and Niemeyer).

        Parameters
        ----------
        weights : iterable of Decimal or int
            Not negative, not all zero. A weight of zero gets nothing.

        Returns
        -------
        tuple of Money, one per weight

        Raises
        ------
        ParameterError
            No weight, a negative weight, or nothing but zeros.

        Examples
        --------
        >>> Money("0.05", "EUR").allocate([3, 7])
        (Money('0.02', 'EUR'), Money('0.03', 'EUR'))
        >>> Money("-10", "JPY").allocate([1, 1, 1])
        (Money('-4', 'JPY'), Money('-3', 'JPY'), Money('-3', 'JPY'))
        """
        ratios = [exact_decimal(weight, "weight").as_integer_ratio() for weight in weights]
        scale = lcm(*(denominator for _, denominator in ratios))
        shares = [numerator * (scale // denominator) for numerator, denominator in ratios]
        parts = apportion(self._minor, shares)
        return tuple(_of(units, self._currency) for units in parts)

    def split(self, parts: int) -> tuple[Money, ...]:
        """Split into equal parts; the first ones carry the units that do not divide.

        Raises
        ------
        ParameterError
            ``parts`` is below 1.

        Examples
        --------
        >>> Money("1.00", "EUR").split(3)
        (Money('0.34', 'EUR'), Money('0.33', 'EUR'), Money('0.33', 'EUR'))
        """
        count = whole_number(parts)
        if count is None or count < 1:
            raise ParameterError(
                f"parts must be a whole number of 1 or more, not {parts!r:.60}.", parts=parts
            )
        return self.allocate([1] * count)

    def format(
        self,
        *,
        thousands: str = ",",
        decimal: str = ".",
        position: CurrencyPosition = CurrencyPosition.AFTER,
    ) -> str:
        """Return the amount for reading; ``str`` gives the plain form.

        Parameters
        ----------
        thousands, decimal : str
            Separators.
        position : CurrencyPosition
            Where the code stands.

        Examples
        --------
        >>> Money("1234567.5", "EUR").format()
        '1,234,567.50 EUR'
        >>> Money("-1234.5", "EUR").format(thousands=".", decimal=",", position="before")
        'EUR -1.234,50'
        """
        whole, point, fraction = f"{self.amount:,f}".partition(".")
        number = whole.replace(",", thousands) + (decimal + fraction if point else "")
        place = choose(CurrencyPosition, position, "position")
        if place is CurrencyPosition.OMITTED:
            return number
        code = self._currency.code
        return f"{number} {code}" if place is CurrencyPosition.AFTER else f"{code} {number}"

    def __add__(self, other: Money) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        return _of(self._minor + self._same(other, "add"), self._currency)

    def __sub__(self, other: Money) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        return _of(self._minor - self._same(other, "subtract"), self._currency)

    def __mul__(self, factor: int) -> Money:
        offered: object = factor
        if isinstance(offered, bool):
            return NotImplemented
        if (whole := whole_number(offered)) is not None:
            return _of(self._minor * whole, self._currency)
        if isinstance(offered, Decimal | Real):
            raise InexactAmountError(
                f"{self} * {offered!r} may need rounding: use "
                f"times(factor, rounding=...) with a Decimal or a string.",
                value=offered,
            )
        return NotImplemented

    __rmul__ = __mul__

    def __neg__(self) -> Money:
        return _of(-self._minor, self._currency)

    def __abs__(self) -> Money:
        return _of(abs(self._minor), self._currency)

    def __bool__(self) -> bool:
        return self._minor != 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self._minor == other._minor and self._currency is other._currency

    def __hash__(self) -> int:
        return hash((self._minor, self._currency.code))

    def __lt__(self, other: Money) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self._minor < self._same(other, "compare")

    def __le__(self, other: Money) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self._minor <= self._same(other, "compare")

    def __gt__(self, other: Money) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self._minor > self._same(other, "compare")

    def __ge__(self, other: Money) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self._minor >= self._same(other, "compare")

    def _same(self, other: Money, verb: str) -> int:
        if self._currency is not other._currency:
            raise CurrencyMismatchError(
                f"cannot {verb} {self} and {other}: convert one of them first.",
                currencies=(self._currency.code, other._currency.code),
            )
        return other._minor

    def __repr__(self) -> str:
        return f"Money('{self.amount:f}', {self._currency.code!r})"

    def __str__(self) -> str:
        return f"{self.amount:f} {self._currency.code}"

    def __format__(self, spec: str) -> str:
        # A comma asks for thousands separators, as in the format of numbers; the rest pads.
        text = self.format() if "," in spec else str(self)
        return format(text, spec.replace(",", "", 1))

    def __reduce__(self) -> tuple[type[Money], tuple[str, str]]:
        return (Money, (f"{self.amount:f}", self._currency.code))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        parts = core_schema.typed_dict_schema(
            {
                "amount": core_schema.typed_dict_field(core_schema.any_schema()),
                "currency": core_schema.typed_dict_field(handler.generate_schema(Currency)),
            },
            extra_behavior="forbid",
        )
        return core_schema.no_info_wrap_validator_function(
            _read,
            parts,
            serialization=core_schema.plain_serializer_function_ser_schema(_write, info_arg=True),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        digits = {"type": "string", "pattern": f"^{NUMBER_PATTERN}$"}
        return {
            "title": "Money",
            "type": "object",
            "properties": {
                "amount": digits
                if handler.mode == "serialization"
                else {"anyOf": [digits, {"type": "integer"}]},
                "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
            },
            "required": ["amount", "currency"],
            "additionalProperties": False,
        }


def _sane(units: int, currency: Currency) -> int:
    if not -_LIMIT < units < _LIMIT:
        raise MoneyError(
            f"an amount in {currency.code} reaches 10**{MAX_DIGITS} minor units: look for a slip.",
            currency=currency.code,
        )
    return units


def _of(units: int, currency: Currency) -> Money:
    money = object.__new__(Money)
    money._minor = _sane(units, currency)
    money._currency = currency
    return money


def _read(value: object, parts: ValidatorFunctionWrapHandler) -> Money:
    if isinstance(value, Money):
        return value
    if not isinstance(value, dict):
        raise MoneyError(
            f"{value!r:.60} is of type {type(value).__name__}: pass a Money, or "
            f"{{'amount': '12.50', 'currency': 'EUR'}} with the amount as a string.",
            value=value,
        )
    checked = parts(value)
    return Money(checked["amount"], checked["currency"])


def _write(money: Money, info: SerializationInfo) -> Money | dict[str, str]:
    # As with Decimal and date, only JSON needs another form.
    if info.mode == "python":
        return money
    return {"amount": f"{money.amount:f}", "currency": money.currency.code}

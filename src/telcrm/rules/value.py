"""The values that rules speak of: text, numbers, booleans, days and instants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum, StrEnum
from math import isfinite, isnan
from numbers import Real
from types import NoneType
from typing import Annotated, Any, Final

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from telcrm.domain import Currency, Money
from telcrm.domain.exact import whole_number

__all__ = ["RuleValue", "SeenValue", "Value", "ValueKind", "kind_of", "plain_value", "types_of"]

Value = str | bool | int | Decimal | float | date | datetime
"""A value of a rule or of a row, as a plain Python object."""

_LONGEST_TEXT: Final = 1000
_LARGEST: Final = 2**53
_MOST_DIGITS: Final = 100


class ValueKind(StrEnum):
    """What a value is, and so which tests it can be put to."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DAY = "day"
    INSTANT = "instant"


_KINDS: Final[dict[type, ValueKind]] = {
    str: ValueKind.TEXT,
    bool: ValueKind.BOOLEAN,
    int: ValueKind.NUMBER,
    float: ValueKind.NUMBER,
    Decimal: ValueKind.NUMBER,
    date: ValueKind.DAY,
    datetime: ValueKind.INSTANT,
}


def kind_of(value: Value) -> ValueKind:
    """Return the kind of a plain value.

    Parameters
    ----------
    value : str, bool, int, Decimal, float, date or datetime

    Returns
    -------
    ValueKind

    Examples
    --------
    >>> kind_of(date(2026, 2, 17))
    <ValueKind.DAY: 'day'>
    """
    return _KINDS[type(value)]


def types_of(kinds: Iterable[ValueKind]) -> frozenset[type]:
    """Return the Python types of plain values of some kinds.

    Examples
    --------
    >>> types_of([ValueKind.DAY])
    frozenset({<class 'datetime.date'>})
    """
    wanted = set(kinds)
    return frozenset(kind for kind, of in _KINDS.items() if of in wanted)


def plain_value(value: object) -> Value | None:
    """Return what a cell of a row or a field of a record holds, as a plain Python object.

    Parameters
    ----------
    value : object
        An enumeration's member counts as its text, money as its amount in major units, NumPy's
        scalars as Python's, a naive ``datetime`` as UTC.

    Returns
    -------
    str, bool, int, Decimal, float, date, datetime or None
        None where the value is missing: None, NaN, or pandas' NaT and NA. Instants are in UTC, to
        the microsecond.

    Raises
    ------
    ValueError
        It is something else, such as a list, or a whole number of more than 64 bits.

    Examples
    --------
    >>> plain_value(Money("12.50", "EUR")), plain_value(float("nan"))
    (Decimal('12.50'), None)
    """
    read = _OWN.get(type(value), _foreign)
    return read(value)


def _foreign(value: Any) -> Value | None:
    """Read what is none of our own types, but stands for one."""
    kind = type(value).__name__
    plain: Value | None = None
    if isinstance(value, str):
        plain = str(value.value if isinstance(value, Enum) else value)
    elif isinstance(value, Money):
        plain = value.amount
    elif isinstance(value, Currency):
        plain = value.code
    elif kind in {"bool", "bool_"}:
        plain = bool(value)
    elif (whole := whole_number(value)) is not None:
        plain = _sixty_four_bits(whole)
    elif isinstance(value, Real):
        plain = _unless_nan(float(value))
    # NaT calls itself a datetime.
    elif value is None or kind in {"NaTType", "NAType"}:
        plain = None
    elif isinstance(value, datetime):
        plain = _utc(value)
    elif isinstance(value, date):
        plain = date(value.year, value.month, value.day)
    else:
        message = (
            f"{value!r:.60} is of type {kind}: a value is text, a boolean, a number, a date or a "
            "datetime"
        )
        raise ValueError(message)
    return plain


def _as_it_is(value: Any) -> Any:
    return value


def _unless_nan(number: float) -> float | None:
    return None if isnan(number) else number


def _decimal(number: Decimal) -> Decimal | None:
    return None if number.is_nan() else number


def _sixty_four_bits(whole: int) -> int:
    if not -(2**63) <= whole < 2**64:
        message = "a whole number has more than 64 bits, which no column holds"
        raise ValueError(message)
    return whole


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        return datetime.combine(instant.date(), instant.time(), UTC)
    try:
        utc = instant.astimezone(UTC)
    except OverflowError as error:
        message = f"{instant} lies outside the years 1 to 9999 of UTC"
        raise ValueError(message) from error
    # A pandas Timestamp carries nanoseconds, which JSON would drop.
    return datetime.combine(utc.date(), utc.time(), UTC)


_OWN: Final[dict[type, Callable[[Any], Value | None]]] = {
    NoneType: _as_it_is,
    str: _as_it_is,
    bool: _as_it_is,
    int: _sixty_four_bits,
    float: _unless_nan,
    Decimal: _decimal,
    date: _as_it_is,
    datetime: _utc,
}


def _read_rule_value(given: object) -> Value:
    if isinstance(given, Mapping):
        given = _untag(given)
    if isinstance(given, Money):
        message = f"{given!r} is no value of a rule: write its amount in major units"
        raise ValueError(message)
    value = plain_value(given)
    if value is None:
        message = f"{given!r} is no value: nothing compares with it. Ask with is_missing()"
        raise ValueError(message)
    if isinstance(given, datetime) and given.tzinfo is None:
        message = f"{given} has no time zone: write an aware datetime, such as one with tzinfo=UTC"
        raise ValueError(message)
    _within_limits(value)
    return value


def _within_limits(value: Value) -> None:
    if isinstance(value, str):
        if len(value) > _LONGEST_TEXT:
            message = f"the text has {len(value)} characters: {_LONGEST_TEXT} are the most"
            raise ValueError(message)
        try:
            value.encode()
        except UnicodeEncodeError as error:
            message = f"{value!r:.60} is no valid Unicode"
            raise ValueError(message) from error
    elif kind_of(value) is ValueKind.NUMBER:
        _check_number(value)


def _check_number(number: Any) -> None:
    if not isfinite(number) or abs(number) > _LARGEST:
        message = (
            f"{number!s:.60} is no finite number up to 2**53, beyond which a column of float64 "
            "does not tell whole numbers apart"
        )
        raise ValueError(message)
    if isinstance(number, Decimal) and len(number.as_tuple().digits) > _MOST_DIGITS:
        message = f"{number!s:.60} has more than {_MOST_DIGITS} digits"
        raise ValueError(message)


def _untag(tagged: Mapping[Any, Any]) -> object:
    match dict(tagged):
        case {"decimal": str(text), **rest} if not rest:
            try:
                return Decimal(text)
            except InvalidOperation as error:
                message = f"{text!r:.60} is no decimal number"
                raise ValueError(message) from error
        case {"day": str(text), **rest} if not rest:
            return date.fromisoformat(text)
        case {"instant": str(text), **rest} if not rest:
            return datetime.fromisoformat(text)
    message = (
        f"{dict(tagged)!r:.60} is no value. Apart from text, numbers and booleans there are "
        '{"decimal": "9.90"}, {"day": "2026-02-17"} and {"instant": "2026-02-17T09:30:00Z"}'
    )
    raise ValueError(message)


def _tag(value: Value | None) -> Any:
    match value:
        case float() if not isfinite(value):
            # JSON has no infinity.
            return {"decimal": str(Decimal(value))}
        case Decimal():
            return {"decimal": str(value)}
        case datetime():
            return {"instant": value.isoformat().replace("+00:00", "Z")}
        case date():
            return {"day": value.isoformat()}
    return value


def _read_seen(given: object) -> Value | None:
    return plain_value(_untag(given) if isinstance(given, Mapping) else given)


def _tagged(name: str, **schema: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: {"type": "string", **schema}},
        "required": [name],
        "additionalProperties": False,
    }


_JSON_FORMS: Final[list[dict[str, Any]]] = [
    {"type": "string"},
    {"type": "boolean"},
    {"type": "number"},
    _tagged("decimal"),
    _tagged("day", format="date"),
    _tagged("instant", format="date-time"),
]

RuleValue = Annotated[
    Value,
    PlainValidator(_read_rule_value),
    PlainSerializer(_tag, when_used="json"),
    WithJsonSchema({"anyOf": _JSON_FORMS}),
]
"""A value that a rule compares with: never missing, finite, and within bounds."""

SeenValue = Annotated[
    Value | None,
    PlainValidator(_read_seen),
    PlainSerializer(_tag, when_used="json"),
    WithJsonSchema({"anyOf": [*_JSON_FORMS, {"type": "null"}]}),
]
"""A value that was found in a row; None where it was missing."""

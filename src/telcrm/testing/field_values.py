"""Strategies for the fields of a record, read from their annotations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types as at
from hypothesis import strategies as st
from pydantic import StringConstraints
from pydantic.fields import FieldInfo

from telcrm.domain import Currency, FirstOfMonth, Money, MoneyAbove, MoneyAtLeast, Record
from telcrm.domain.identifiers import (
    ColumnPattern,
    parse_iccid,
    parse_imei,
    parse_imsi,
    parse_msisdn,
)
from telcrm.errors import ParameterError
from telcrm.testing.identifiers import iccids, imeis, imsis, msisdns
from telcrm.testing.money import money

__all__ = ["field_values"]

_FIRST, _LAST = date(1970, 1, 1), date(2100, 12, 31)
_LONGEST_TEXT = 20
_MOST_ITEMS = 2
_LARGEST_INT = 10**12
_RATE_PLACES = 4

_NUMBERS = {parse_msisdn: msisdns, parse_imsi: imsis, parse_imei: imeis, parse_iccid: iccids}


def field_values(
    field: FieldInfo,
    *,
    currency: Currency,
    nested: Callable[[type[Record]], st.SearchStrategy[Any]],
) -> st.SearchStrategy[Any]:
    """Return a strategy for the values of one field.

    Parameters
    ----------
    field : FieldInfo
    currency : Currency
        The currency of every amount.
    nested : callable
        Returns the strategy of a record that stands in the field.

    Returns
    -------
    SearchStrategy

    Raises
    ------
    ParameterError
        The field's type is none of those that records are made of.
    """

    def values(annotation: Any, marks: Iterable[Any]) -> st.SearchStrategy[Any]:
        origin, inner = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return values(inner[0], [*inner[1:], *marks])
        if origin in (Union, UnionType):
            # None comes first: a failing example shrinks to the plainest record.
            return st.one_of([values(member, marks) for member in sorted(inner, key=_none_first)])
        if origin is tuple and inner[1:] == (...,):
            return st.lists(values(inner[0], ()), max_size=_MOST_ITEMS).map(tuple)
        if isinstance(annotation, type) and issubclass(annotation, Record):
            return nested(annotation)
        return _plain(annotation, list(_flatten(marks)), currency)

    return values(field.annotation, field.metadata)


def _none_first(member: Any) -> bool:
    return member is not NoneType


def _plain(annotation: Any, marks: list[Any], currency: Currency) -> st.SearchStrategy[Any]:
    if get_origin(annotation) is Literal:
        return st.sampled_from(get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, StrEnum) and list(annotation):
        return st.sampled_from(list(annotation))
    if annotation is Currency:
        return st.just(currency)
    if annotation is Money:
        return _amounts(currency, marks)
    if annotation in _PLAIN:
        return _PLAIN[annotation](marks)
    message = (
        f"no strategy is known for the type {annotation!r}: pass one by the field's name, "
        "as records(MyRecord, my_field=st.just(...))."
    )
    raise ParameterError(message, annotation=repr(annotation))


def _flatten(marks: Iterable[Any]) -> Iterable[Any]:
    for mark in marks:
        if isinstance(mark, FieldInfo):
            yield from _flatten(mark.metadata)
        else:
            yield mark


def _amounts(currency: Currency, marks: Iterable[Any]) -> st.SearchStrategy[Money]:
    lowest = -_LARGEST_INT
    for mark in marks:
        if isinstance(mark, MoneyAtLeast | MoneyAbove):
            bound = Money(mark.bound, currency).minor_units
            lowest = bound + isinstance(mark, MoneyAbove)
    return money(currency, min_minor=lowest, max_minor=max(lowest, 0) + _LARGEST_INT)


def _integers(marks: Iterable[Any]) -> st.SearchStrategy[int]:
    low, high = -_LARGEST_INT, _LARGEST_INT
    for mark in marks:
        low = max(low, int(getattr(mark, "ge", low)))
        high = min(high, int(getattr(mark, "le", high)))
    return st.integers(low, high)


def _rates(marks: Iterable[Any]) -> st.SearchStrategy[Decimal]:
    low, high = Decimal(-1), Decimal(1)
    excluded: list[Any] = []
    for mark in marks:
        low = max(low, getattr(mark, "ge", low))
        high = min(high, getattr(mark, "le", high))
        excluded += [mark.lt] if isinstance(mark, at.Lt) else []
    drawn = st.decimals(low, high, places=_RATE_PLACES)
    return drawn.filter(lambda rate: all(rate < bound for bound in excluded))


def _texts(marks: Iterable[Any]) -> st.SearchStrategy[str]:
    shortest, longest, pattern, stripped = 0, _LONGEST_TEXT, None, False
    for mark in marks:
        if isinstance(mark, ColumnPattern):
            return _NUMBERS[mark.parse]() if mark.parse in _NUMBERS else st.from_regex(mark.regex)
        shortest = getattr(mark, "min_length", None) or shortest
        longest = min(longest, getattr(mark, "max_length", None) or longest)
        if isinstance(mark, StringConstraints):
            pattern = mark.pattern or pattern
            stripped = stripped or bool(mark.strip_whitespace)
    if pattern is None:
        texts = st.text(min_size=shortest, max_size=longest)
        return texts.map(lambda text: text.strip().ljust(shortest, "x")) if stripped else texts
    # For Python, $ also matches before a final line break; for pydantic it does not.
    whole = str(pattern).removeprefix("^").removesuffix("$")
    drawn = st.from_regex(whole, fullmatch=True)
    return drawn.filter(lambda text: shortest <= len(text) <= longest)


def _days(marks: Iterable[Any]) -> st.SearchStrategy[date]:
    days = st.dates(_FIRST, _LAST)
    if any(isinstance(mark, FirstOfMonth) for mark in marks):
        return days.map(lambda day: day.replace(day=1))
    return days


def _instants(_: Iterable[Any]) -> st.SearchStrategy[datetime]:
    first, last = (datetime.combine(day, time()) for day in (_FIRST, _LAST))
    return st.datetimes(first, last, timezones=st.just(UTC))


_PLAIN: dict[Any, Callable[[list[Any]], st.SearchStrategy[Any]]] = {
    NoneType: lambda _: st.none(),
    bool: lambda _: st.booleans(),
    int: _integers,
    Decimal: _rates,
    str: _texts,
    date: _days,
    datetime: _instants,
}

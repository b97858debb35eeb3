"""A row, as the conditions see it: one mapping or one record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import partial
from typing import Any, NoReturn, TypeAlias

from pydantic import BaseModel

from telcrm.domain import Money
from telcrm.errors import FieldTypeError, UnknownFieldError
from telcrm.rules.condition import CompareFields, FieldTest
from telcrm.rules.value import Value, ValueKind, kind_of, plain_value, types_of
from telcrm.rules.wording import phrase, written

__all__ = ["Row", "Values", "reader"]

Row: TypeAlias = Mapping[str, Any] | BaseModel
"""A row of a table as a mapping, or a record."""

Values: TypeAlias = dict[str, Value | None]

_CURRENCY = "currency"


def reader(tests: Iterable[FieldTest]) -> Callable[[Row], Values]:
    """Return what reads from a row the values that some tests look at.

    The values are refused all together, before any test is made: whether a row can be judged
    does not depend on which test comes first.

    Raises
    ------
    UnknownFieldError
        (When called) the row lacks a field.
    FieldTypeError
        (When called) a value cannot be put to a test.
    """
    wanted: dict[str, list[FieldTest]] = {}
    pairs: list[CompareFields] = []
    for test in tests:
        wanted.setdefault(test.field, []).append(test)
        if isinstance(test, CompareFields):
            wanted.setdefault(test.other, []).append(test)
            pairs.append(test)
    plan = [
        (name, types_of(frozenset.intersection(*(test.accepted for test in asking))), asking)
        for name, asking in wanted.items()
    ]

    def read(row: Row) -> Values:
        get = row.__getitem__ if isinstance(row, Mapping) else partial(_attribute, row)
        values: Values = {}
        for name, accepted, asking in plan:
            try:
                value = values[name] = plain_value(get(name))
            except KeyError:
                _refuse_unknown(row, name)
            except ValueError as error:
                raise FieldTypeError(f"field {name!r}: {error}.", field=name) from error
            if value is not None and type(value) not in accepted:
                _refuse(name, value, asking)
        for pair in pairs:
            _require_alike(pair, values[pair.field], values[pair.other])
        return values

    return read


def _refuse_unknown(row: Row, name: str) -> NoReturn:
    names = row if isinstance(row, Mapping) else type(row).model_fields
    near = get_close_matches(name, map(str, names), n=3)
    hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else "Look for a slip."
    raise UnknownFieldError(
        f"the row has no field {name!r}; a missing value is written as None. {hint}", field=name
    ) from None


def _attribute(record: BaseModel, name: str) -> Any:
    fields = type(record).model_fields
    if name in fields:
        return getattr(record, name)
    if name == _CURRENCY:
        # A table of such records has the column, too.
        amounts = [value for field in fields if isinstance(value := getattr(record, field), Money)]
        if len({amount.currency for amount in amounts}) == 1:
            return amounts[0].currency.code
    raise KeyError(name)


def _refuse(name: str, value: Value, asking: Iterable[FieldTest]) -> None:
    kind = kind_of(value)
    for test in asking:
        if kind not in test.accepted:
            asked = " or ".join(each for each in ValueKind if each in test.accepted)
            raise FieldTypeError(
                f"field {name!r} is {written(value)}, which is of kind {kind}: "
                f'"{phrase(test, kind=kind)}" asks for {asked}.',
                field=name,
                value=value,
            )


def _require_alike(pair: CompareFields, left: Value | None, right: Value | None) -> None:
    if left is None or right is None or kind_of(left) is kind_of(right):
        return
    raise FieldTypeError(
        f"field {pair.field!r} is {written(left)} and {pair.other!r} is {written(right)}: "
        f"{kind_of(left)} and {kind_of(right)} do not compare.",
        fields=[pair.field, pair.other],
    )

"""Translate a field's annotation and constraints into rules over a column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types as at
import narwhals.stable.v2 as nw
from pydantic import Strict, StringConstraints
from pydantic.fields import FieldInfo

from telcrm.domain import Currency, FirstOfMonth, Money, MoneyAbove, MoneyAtLeast, UtcInstant
from telcrm.domain.identifiers import ColumnPattern
from telcrm.errors import UntranslatableConstraintError

__all__ = ["ColumnRule", "Translation", "leaf_type", "translate"]


@dataclass(frozen=True)
class ColumnRule:
    """A rule on the values of one column.

    Attributes
    ----------
    name : str
        Stands in the findings: ``"at_least_0"``.
    words : str
        What is wrong with a value that breaks it: ``"is below 0"``.
    failing : callable
        Takes the column as a narwhals expression, returns one that is true where a value breaks
        the rule. Missing values break no rule; the contract's ``nullable`` deals with them.
    """

    name: str
    words: str
    failing: Callable[[nw.Expr], nw.Expr]


@dataclass(frozen=True)
class Translation:
    """What an annotation says of a column: its kind, whether it may be null, its rules.

    ``allowed`` holds the words of an enumeration, and is empty where there is none.
    """

    kind: str
    nullable: bool
    rules: tuple[ColumnRule, ...]
    allowed: tuple[str, ...] = ()


_LUHN_DIGITS = 20
_KINDS: dict[Any, str] = {
    str: "text",
    int: "integer",
    float: "number",
    Decimal: "number",
    Money: "number",
    Currency: "text",
    bool: "boolean",
    date: "day",
    datetime: "instant",
}


def translate(annotation: Any, metadata: Iterable[Any], *, where: str) -> Translation:
    """Translate one field.

    Parameters
    ----------
    annotation : type
        The field's annotation.
    metadata : iterable
        Constraints that pydantic has lifted out of the annotation.
    where : str
        Table and field, for the message.

    Returns
    -------
    Translation

    Raises
    ------
    UntranslatableConstraintError
        The type or a constraint has no column rule.
    """
    leaf, nullable, inner = _unwrap(annotation)
    marks = list(_flatten([*inner, *metadata]))
    rules: list[ColumnRule] = []
    kind = _KINDS.get(leaf)
    allowed: tuple[str, ...] = ()
    if isinstance(leaf, type) and issubclass(leaf, StrEnum):
        allowed = tuple(member.value for member in leaf)
    elif get_origin(leaf) is Literal and all(isinstance(v, str) for v in get_args(leaf)):
        allowed = tuple(str(value) for value in get_args(leaf))
    elif leaf is Currency:
        codes = [code for code in Currency.codes() if Currency(code).exponent is not None]
        rules.append(_one_of("iso_4217", "is no ISO 4217 code of a currency", codes))
    if allowed:
        kind = "text"
        rules.append(_one_of("one_of", f"is none of {', '.join(allowed)}", allowed))
    if kind is None:
        message = f"{where} has the type {leaf!r}, which no column type stands for."
        raise UntranslatableConstraintError(message, where=where)
    for mark in marks:
        if isinstance(mark, FirstOfMonth):
            kind = "month"
        rules.extend(_rules_of(mark, where=where))
    return Translation(kind=kind, nullable=nullable, rules=tuple(rules), allowed=allowed)


def leaf_type(annotation: Any) -> Any:
    """Return the type inside ``X | None`` and ``Annotated[X, ...]``.

    Parameters
    ----------
    annotation : type

    Returns
    -------
    type
    """
    return _unwrap(annotation)[0]


def _unwrap(annotation: Any) -> tuple[Any, bool, list[Any]]:
    nullable, metadata = False, []
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation, *marks = get_args(annotation)
            metadata += marks
        elif origin in (Union, UnionType):
            members = [part for part in get_args(annotation) if part is not NoneType]
            if len(members) != 1:
                return annotation, nullable, metadata
            nullable = nullable or len(members) < len(get_args(annotation))
            annotation = members[0]
        else:
            return annotation, nullable, metadata


def _flatten(marks: Iterable[Any]) -> Iterable[Any]:
    for mark in marks:
        if isinstance(mark, FieldInfo):
            yield from _flatten(mark.metadata)
        elif isinstance(mark, at.GroupedMetadata) and not isinstance(mark, StringConstraints):
            yield from _flatten(mark)
        else:
            yield mark


def _rules_of(mark: Any, *, where: str) -> list[ColumnRule]:
    rules: list[ColumnRule]
    match mark:
        case Strict() | UtcInstant() | FirstOfMonth():
            # Strictness is about Python types; instants and months are column types.
            rules = []
        case at.Ge(ge=bound) | MoneyAtLeast(bound=bound):
            rules = [
                ColumnRule(
                    f"at_least_{bound}", f"is below {bound}", lambda column: column < _plain(bound)
                )
            ]
        case at.Gt(gt=bound) | MoneyAbove(bound=bound):
            rules = [
                ColumnRule(
                    f"above_{bound}",
                    f"is not above {bound}",
                    lambda column: column <= _plain(bound),
                )
            ]
        case at.Le(le=bound):
            rules = [
                ColumnRule(
                    f"at_most_{bound}", f"is above {bound}", lambda column: column > _plain(bound)
                )
            ]
        case at.Lt(lt=bound):
            rules = [
                ColumnRule(
                    f"below_{bound}",
                    f"is not below {bound}",
                    lambda column: column >= _plain(bound),
                )
            ]
        case at.MinLen(min_length=length):
            rules = [_min_length(length)]
        case at.MaxLen(max_length=length):
            rules = [_max_length(length)]
        case ColumnPattern(regex=regex):
            rules = [_pattern(regex, where=where)]
            if mark.check_digit:
                rules.append(_luhn(regex))
        case StringConstraints():
            rules = _string_rules(mark, where=where)
        case _:
            message = (
                f"{where} carries the constraint {mark!r}, which has no column rule. "
                "Add one to telcrm.tables.constraints: a constraint is never skipped."
            )
            raise UntranslatableConstraintError(message, where=where, constraint=repr(mark))
    return rules


def _string_rules(mark: StringConstraints, *, where: str) -> list[ColumnRule]:
    known = {"min_length", "max_length", "pattern", "strict", "strip_whitespace"}
    others = {name: value for name, value in vars(mark).items() if value and name not in known}
    if others or not isinstance(mark.pattern, str | NoneType):
        message = (
            f"{where} carries {mark!r}: of strings, only length, pattern and strip_whitespace "
            "have column rules."
        )
        raise UntranslatableConstraintError(message, where=where, constraint=repr(mark))
    rules = []
    if mark.min_length is not None:
        rules.append(_min_length(mark.min_length))
    if mark.max_length is not None:
        rules.append(_max_length(mark.max_length))
    if mark.pattern is not None:
        rules.append(_pattern(mark.pattern, where=where))
    if mark.strip_whitespace:
        # The record takes the blanks off before it looks, so the column's rules must too.
        return [replace(rule, failing=_stripped(rule.failing)) for rule in rules]
    return rules


def _stripped(failing: Callable[[nw.Expr], nw.Expr]) -> Callable[[nw.Expr], nw.Expr]:
    return lambda column: failing(column.str.strip_chars())


def _plain(bound: Any) -> int | float:
    # Engines compare a column with a plain number; a Decimal literal is not known to all of them.
    return bound if isinstance(bound, int) else float(bound)


def _one_of(name: str, words: str, values: Sequence[str]) -> ColumnRule:
    return ColumnRule(name, words, lambda column: ~column.is_in(values))


def _min_length(length: int) -> ColumnRule:
    words = "is empty" if length == 1 else f"is shorter than {length} characters"
    return ColumnRule(f"min_length_{length}", words, lambda column: column.str.len_chars() < length)


def _max_length(length: int) -> ColumnRule:
    words = f"is longer than {length} characters"
    return ColumnRule(f"max_length_{length}", words, lambda column: column.str.len_chars() > length)


def _pattern(regex: str, *, where: str) -> ColumnRule:
    if re.compile(regex).groups:
        message = f"{where}: the pattern {regex!r} captures groups; write (?:...) instead of (...)."
        raise UntranslatableConstraintError(message, where=where, constraint=regex)

    def failing(column: nw.Expr) -> nw.Expr:
        mismatch = ~column.str.contains(regex)
        # For Python and Java, $ also matches before a final line break; for pydantic it does not.
        return mismatch | column.str.ends_with("\n") if regex.endswith("$") else mismatch

    return ColumnRule("pattern", f"does not match {regex}", failing)


def _luhn(regex: str) -> ColumnRule:
    """Check a Luhn digit: counted from the right, every second digit is doubled and added up."""

    def failing(column: nw.Expr) -> nw.Expr:
        # What is no number at all is the pattern's finding; all zeros pass the check.
        zeros = nw.lit("0" * _LUHN_DIGITS)
        digits = nw.when(column.str.contains(regex)).then(column).otherwise(zeros)
        # Not zfill, which pandas 2 lacks for PyArrow's strings.
        padded = nw.concat_str(zeros, digits).str.tail(_LUHN_DIGITS)
        total = nw.lit(0)
        for place in range(_LUHN_DIGITS):
            digit = padded.str.slice(place, 1).cast(nw.Int64)
            doubled = (_LUHN_DIGITS - place) % 2 == 0
            total = total + (2 * digit - 9 * (digit // 5) if doubled else digit)
        # Not a remainder: PyArrow has none for whole numbers.
        return ~total.is_in(list(range(0, 9 * _LUHN_DIGITS + 1, 10)))

    return ColumnRule("luhn", "has a wrong check digit (Luhn)", failing)

"""Whether conditions fit a table: its fields exist, and hold what the tests ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from enum import StrEnum
from typing import Final, Protocol

from telcrm.domain import Record
from telcrm.errors import ParameterError, RuleMismatchError
from telcrm.rules.condition import Compare, CompareFields, Condition, FieldTest, IsMissing, OneOf
from telcrm.rules.rule_set import RuleSet
from telcrm.rules.value import ValueKind
from telcrm.rules.wording import phrase

__all__ = ["Problem", "ProblemKind", "TableColumn", "TableShape", "check", "find_problems"]


class TableColumn(Protocol):
    """What has to be known of a column; ``telcrm.tables.Column`` knows it."""

    @property
    def name(self) -> str:
        """Name of the column."""
        ...

    @property
    def type(self) -> str:
        """``text``, ``integer``, ``number``, ``boolean``, ``day``, ``month`` or ``instant``."""
        ...

    @property
    def nullable(self) -> bool:
        """Whether a value may be missing."""
        ...

    @property
    def allowed(self) -> Sequence[str]:
        """The only words that a column of text holds; empty where it holds any."""
        ...


class TableShape(Protocol):
    """What has to be known of a table; ``telcrm.tables.Contract`` knows it."""

    @property
    def name(self) -> str:
        """Name of the table."""
        ...

    @property
    def columns(self) -> Sequence[TableColumn]:
        """Its columns."""
        ...


class ProblemKind(StrEnum):
    """In what way a test does not fit a table."""

    UNKNOWN_FIELD = "unknown_field"
    WRONG_TYPE = "wrong_type"
    """The column holds values that cannot be put to the test."""
    DIFFERENT_TYPES = "different_types"
    """Two columns are compared that hold different kinds of values."""
    NEVER_OCCURS = "never_occurs"
    """The column never holds what the test asks for, by its contract."""


class Problem(Record):
    """One thing that is wrong with a test."""

    kind: ProblemKind
    rule: str | None
    """Name of the rule; None for a condition that stands alone."""
    field: str
    message: str
    """What is wrong, and how to mend it."""


_KINDS: Final = {
    "text": ValueKind.TEXT,
    "integer": ValueKind.NUMBER,
    "number": ValueKind.NUMBER,
    "boolean": ValueKind.BOOLEAN,
    "day": ValueKind.DAY,
    "month": ValueKind.DAY,
    "instant": ValueKind.INSTANT,
}
_WORDS: Final = {
    ValueKind.TEXT: "text",
    ValueKind.NUMBER: "numbers",
    ValueKind.BOOLEAN: "booleans",
    ValueKind.DAY: "days",
    ValueKind.INSTANT: "instants",
}


def check(rules: Condition | RuleSet, table: TableShape) -> None:
    """Refuse conditions that do not fit a table.

    Parameters
    ----------
    rules : Condition or RuleSet
    table : TableShape
        For example a contract of :mod:`telcrm.tables`.

    Raises
    ------
    RuleMismatchError
        The message says all that is wrong, ``context["problems"]`` holds it as records.
    ParameterError
        A column is of an unknown type.

    Examples
    --------
    >>> from telcrm.rules import field
    >>> from telcrm.tables import TABLES
    >>> check(field("revenu") > 50, TABLES["subscriber_months"])
    Traceback (most recent call last):
        ...
    telcrm.errors.RuleMismatchError: [TC-RULE-005] subscriber_months has no column 'revenu'.
    Did you mean 'revenue'?
    """
    problems = find_problems(rules, table)
    if problems:
        lines = [
            f"Rule {problem.rule!r}: {problem.message}" if problem.rule else problem.message
            for problem in problems
        ]
        raise RuleMismatchError("\n".join(lines), table=table.name, problems=problems)


def find_problems(rules: Condition | RuleSet, table: TableShape) -> tuple[Problem, ...]:
    """List what keeps conditions from fitting a table.

    Parameters
    ----------
    rules : Condition or RuleSet
    table : TableShape
        For example a contract of :mod:`telcrm.tables`.

    Returns
    -------
    tuple of Problem
        In the order of the tests; empty where all is well.

    Raises
    ------
    ParameterError
        A column is of an unknown type.

    Examples
    --------
    >>> from telcrm.rules import field
    >>> from telcrm.tables import TABLES
    >>> wrong = (field("revenue") == "high") | field("payment_mode").one_of("pre", "post")
    >>> for problem in find_problems(wrong, TABLES["subscriber_months"]):
    ...     print(problem.kind, "-", problem.message)
    wrong_type - 'revenue' of subscriber_months holds numbers: "is 'high'" asks for text.
    never_occurs - 'payment_mode' of subscriber_months is never 'pre', 'post'.
    It is one of: prepaid, postpaid.
    """
    columns = {column.name: column for column in table.columns}
    conditions = (
        [(rule.name, rule.when) for rule in rules.rules]
        if isinstance(rules, RuleSet)
        else [(None, rules)]
    )
    return tuple(
        Problem(kind=kind, rule=rule, field=name, message=message)
        for rule, condition in conditions
        for test in condition.tests
        for kind, name, message in _problems_of(test, columns, table.name)
    )


_Found = tuple[ProblemKind, str, str]


def _problems_of(test: FieldTest, columns: dict[str, TableColumn], table: str) -> Iterator[_Found]:
    named = (test.field, test.other) if isinstance(test, CompareFields) else (test.field,)
    unknown = [name for name in named if name not in columns]
    for name in unknown:
        near = get_close_matches(name, columns, n=3)
        hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else _all_of(columns)
        yield ProblemKind.UNKNOWN_FIELD, name, f"{table} has no column {name!r}. {hint}"
    if unknown:
        return
    kinds = [_kind(columns[name], table) for name in named]
    for name, kind in zip(named, kinds, strict=True):
        if kind not in test.accepted:
            asked = " or ".join(_WORDS[each] for each in ValueKind if each in test.accepted)
            message = (
                f"{name!r} of {table} holds {_WORDS[kind]}: "
                f'"{phrase(test, kind=kind)}" asks for {asked}.'
            )
            yield ProblemKind.WRONG_TYPE, name, message
            return
    if len(set(kinds)) > 1:
        message = (
            f"{named[0]!r} of {table} holds {_WORDS[kinds[0]]} and {named[-1]!r} "
            f"{_WORDS[kinds[-1]]}: they do not compare."
        )
        yield ProblemKind.DIFFERENT_TYPES, test.field, message
        return
    yield from _never_occurs(test, columns[test.field], table)


def _never_occurs(test: FieldTest, column: TableColumn, table: str) -> Iterator[_Found]:
    if isinstance(test, IsMissing) and not column.nullable:
        message = f"{column.name!r} of {table} is never missing. Leave the test out."
        yield ProblemKind.NEVER_OCCURS, column.name, message
    asked: tuple[object, ...] = ()
    if isinstance(test, Compare):
        asked = (test.value,)
    elif isinstance(test, OneOf):
        asked = test.values
    strange = [word for word in asked if word not in column.allowed]
    if strange and column.allowed:
        message = (
            f"{column.name!r} of {table} is never {', '.join(map(repr, strange))}. "
            f"It is one of: {', '.join(column.allowed)}."
        )
        yield ProblemKind.NEVER_OCCURS, column.name, message


def _kind(column: TableColumn, table: str) -> ValueKind:
    try:
        return _KINDS[column.type]
    except KeyError:
        raise ParameterError(
            f"column {column.name!r} of {table} is of type {column.type!r:.60}. "
            f"Known types: {', '.join(_KINDS)}.",
            column=column.name,
        ) from None


def _all_of(columns: dict[str, TableColumn]) -> str:
    return f"It has: {', '.join(columns)}." if columns else "It has none."

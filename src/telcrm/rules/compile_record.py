"""Conditions and rules on one row at a time, compiled once for many rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

from telcrm.rules.condition import (
    AllOf,
    AnyOf,
    Between,
    Compare,
    CompareFields,
    Comparison,
    Condition,
    IsMissing,
    Not,
    OneOf,
    TextMatch,
    TextTest,
)
from telcrm.rules.row import Row, Values, reader
from telcrm.rules.rule import Rule
from telcrm.rules.rule_set import Matching, RuleSet
from telcrm.rules.value import Value, ValueKind, kind_of

__all__ = ["condition_test", "fired_rules", "holds", "on_values"]

_OPERATORS: Final[dict[Comparison, Callable[[Any, Any], bool]]] = {
    Comparison.EQ: eq,
    Comparison.NE: ne,
    Comparison.LT: lt,
    Comparison.LE: le,
    Comparison.GT: gt,
    Comparison.GE: ge,
}
_TEXT: Final[dict[TextMatch, Callable[[str, str], bool]]] = {
    TextMatch.STARTS_WITH: str.startswith,
    TextMatch.CONTAINS: str.__contains__,
    TextMatch.ENDS_WITH: str.endswith,
}

OnValues = Callable[[Values], bool]


def holds(condition: Condition, row: Row) -> bool:
    """Tell whether a condition holds for one row.

    Parameters
    ----------
    condition : Condition
    row : mapping or pydantic record
        A missing value is None or NaN. Money counts as its amount in major units; a record with
        amounts of one currency has the field ``currency`` too, as its table has.

    Returns
    -------
    bool

    Raises
    ------
    UnknownFieldError
        The row lacks a field that the condition looks at.
    FieldTypeError
        A field holds a value that cannot be put to its test.

    Examples
    --------
    >>> from telcrm.rules import field
    >>> holds(field("revenue") < 15, {"revenue": 12.5})
    True
    """
    return condition_test(condition)(row)


def condition_test(condition: Condition) -> Callable[[Row], bool]:
    """Compile a condition to a function of one row, for many rows.

    Parameters
    ----------
    condition : Condition

    Returns
    -------
    callable
        Takes a row and answers as :func:`holds` does.

    Examples
    --------
    >>> from telcrm.rules import field
    >>> is_low = condition_test(field("revenue") < 15)
    >>> [is_low({"revenue": revenue}) for revenue in (12.5, 15, None)]
    [True, False, False]
    """
    read, test = reader(condition.tests), on_values(condition)
    return lambda row: test(read(row))


def fired_rules(rule_set: RuleSet) -> Callable[[Row], tuple[Rule, ...]]:
    """Compile a rule set to a function that returns the rules that fire for one row.

    Parameters
    ----------
    rule_set : RuleSet

    Returns
    -------
    callable
        Takes a row; returns at most one rule where only the first fires. For the reasons use
        :func:`~telcrm.rules.decide`, which is slower.

    Examples
    --------
    >>> from telcrm.rules import field
    >>> high = Rule(name="high", when=field("revenue") >= 50, then="premium")
    >>> fired = fired_rules(RuleSet(name="segments", version=1, rules=(high,)))
    >>> [rule.then for rule in fired({"revenue": 80})]
    ['premium']
    """
    read = reader(test for rule in rule_set.rules for test in rule.when.tests)
    tests = [(rule, on_values(rule.when)) for rule in rule_set.rules]
    if rule_set.matching is Matching.ALL:

        def every(row: Row) -> tuple[Rule, ...]:
            values = read(row)
            return tuple(rule for rule, test in tests if test(values))

        return every

    def first(row: Row) -> tuple[Rule, ...]:
        values = read(row)
        return next(((rule,) for rule, test in tests if test(values)), ())

    return first


def on_values(condition: Condition) -> OnValues:
    """Compile a condition to a function of values that were read, and fit it."""
    match condition:
        case AllOf():
            return _every([on_values(each) for each in condition.conditions])
        case AnyOf():
            return _some([on_values(each) for each in condition.conditions])
        case Not():
            inner = on_values(condition.condition)
            return lambda values: not inner(values)
        case IsMissing(field=name):
            return lambda values: values[name] is None
        case CompareFields():
            return _compare_fields(condition)
        case Compare():
            test = _compare(condition.test, condition.value)
        case OneOf():
            test = _one_of(condition)
        case Between():
            test = _between(condition)
        case TextTest():
            test = _contains(condition)
    name = condition.field

    def present_and_holds(values: Values) -> bool:
        value = values[name]
        return value is not None and test(value)

    return present_and_holds


# Loops: a generator for all() costs more than most tests.
def _every(parts: list[OnValues]) -> OnValues:
    def every(values: Values) -> bool:
        for part in parts:  # noqa: SIM110
            if not part(values):
                return False
        return True

    return every


def _some(parts: list[OnValues]) -> OnValues:
    def some(values: Values) -> bool:
        for part in parts:  # noqa: SIM110
            if part(values):
                return True
        return False

    return some


def _compare(comparison: Comparison, literal: Value) -> Callable[[Any], bool]:
    operator = _OPERATORS[comparison]
    match kind_of(literal):
        case ValueKind.NUMBER:
            bound = _number(literal)
            return lambda value: operator(_number(value), bound)
        case ValueKind.DAY:
            return lambda value: operator(_day(value), literal)
    return lambda value: operator(value, literal)


def _one_of(test: OneOf) -> Callable[[Any], bool]:
    match kind_of(test.values[0]):
        case ValueKind.NUMBER:
            numbers = frozenset(map(_number, test.values))
            return lambda value: _number(value) in numbers
        case ValueKind.DAY:
            days = frozenset(test.values)
            return lambda value: _day(value) in days
    listed = frozenset(test.values)
    return lambda value: value in listed


def _between(test: Between) -> Callable[[Any], bool]:
    above = _compare(Comparison.GE if test.includes_low else Comparison.GT, test.low)
    below = _compare(Comparison.LE if test.includes_high else Comparison.LT, test.high)
    return lambda value: above(value) and below(value)


def _contains(test: TextTest) -> Callable[[Any], bool]:
    search, text = _TEXT[test.match], test.text
    return lambda value: search(value, text)


def _compare_fields(test: CompareFields) -> OnValues:
    name, other, operator = test.field, test.other, _OPERATORS[test.test]
    factor = None if test.factor is None else float(_number(test.factor))

    def compare(values: Values) -> bool:
        left, right = values[name], values[other]
        if left is None or right is None:
            return False
        if kind_of(left) is not ValueKind.NUMBER:
            return operator(left, right)
        if factor is not None:
            return operator(float(_number(left)), float(_number(right)) * factor)
        if isinstance(left, int) and isinstance(right, int):
            return operator(left, right)
        return operator(float(_number(left)), float(_number(right)))

    return compare


def _number(value: Any) -> int | float:
    # Columns are compared as float64, and a record must not be judged otherwise than its row.
    return float(value) if isinstance(value, Decimal) else value


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value

"""Conditions on a row: typed records that combine with ``&``, ``|`` and ``~``.

A condition holds for a row or it does not; there is no third answer. A test on a missing value
does not hold, also where it asks for another value (``ne``). :class:`Not` turns that round, and
:class:`IsMissing` asks for it.
"""

from __future__ import annotations

import json
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Final, Literal, NoReturn, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from telcrm.domain import Record
from telcrm.errors import ConditionSyntaxError, RecordFormatError
from telcrm.rules.value import RuleValue, ValueKind, kind_of

__all__ = [
    "MAX_DEPTH",
    "MAX_LISTED",
    "MAX_TESTS",
    "AllOf",
    "AnyOf",
    "Between",
    "Compare",
    "CompareFields",
    "Comparison",
    "Condition",
    "Ends",
    "FieldTest",
    "IsMissing",
    "Not",
    "OneOf",
    "TextMatch",
    "TextTest",
    "all_of",
    "any_of",
    "condition_from_json",
    "not_",
]

MAX_DEPTH: Final = 20
"""How deep ``all_of``, ``any_of`` and ``not_`` may stand in each other."""

MAX_TESTS: Final = 1000
"""How many tests one condition may hold."""

MAX_LISTED: Final = 10_000
"""How many values a list may hold."""

FieldName = Annotated[str, StringConstraints(min_length=1, max_length=200)]

_ORDERED: Final = frozenset({ValueKind.NUMBER, ValueKind.DAY, ValueKind.INSTANT})


class Comparison(StrEnum):
    """How a field compares with a value."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"

    @property
    def is_order(self) -> bool:
        """Whether it asks for less or more, and not only for the same."""
        return self not in {Comparison.EQ, Comparison.NE}


class TextMatch(StrEnum):
    """Where a text is looked for."""

    STARTS_WITH = "starts_with"
    CONTAINS = "contains"
    ENDS_WITH = "ends_with"


class Ends(StrEnum):
    """Which ends belong to a span."""

    BOTH = "both"
    LOW = "low"
    HIGH = "high"
    NEITHER = "neither"


class _Combinable(Record):
    """What every condition can do."""

    @property
    def tests(self) -> tuple[FieldTest, ...]:
        """The tests that the condition is made of, in the order in which they are written."""
        raise NotImplementedError

    @property
    def depth(self) -> int:
        """How deep conditions stand in each other: 0 for a test."""
        return 0

    @cached_property
    def fields_used(self) -> tuple[str, ...]:
        """The fields that the condition looks at, each once, in order."""
        names = (name for test in self.tests for name in _named_by(test))
        return tuple(dict.fromkeys(names))

    def __and__(self, other: Condition) -> AllOf:
        if not isinstance(other, _Combinable):
            return NotImplemented
        return AllOf(conditions=(*_flat(self, AllOf), *_flat(other, AllOf)))

    def __or__(self, other: Condition) -> AnyOf:
        if not isinstance(other, _Combinable):
            return NotImplemented
        return AnyOf(conditions=(*_flat(self, AnyOf), *_flat(other, AnyOf)))

    def __invert__(self) -> Condition:
        return Not(condition=self)

    def __bool__(self) -> NoReturn:
        raise ConditionSyntaxError(
            "a condition is neither true nor false until it meets a row. Combine conditions with "
            "&, | and ~, each one in parentheses, not with and, or and not; instead of "
            "1 < field(...) < 5 write field(...).between(1, 5)."
        )


class _Test(_Combinable):
    kind: str  # first, so that it comes first in JSON
    field: FieldName
    """Name of the field, or column, that is looked at."""

    @property
    def tests(self) -> tuple[FieldTest, ...]:
        """The test itself."""
        return (self,)  # type: ignore[return-value]

    @property
    def accepted(self) -> frozenset[ValueKind]:
        """The kinds of value that the test can be put to."""
        raise NotImplementedError


class Compare(_Test):
    """A field compares with a value.

    Numbers compare by size, whole or not; a Decimal stands for the float64 next to it. Text and
    booleans have no order. A day is compared with an instant as the instant's day in UTC.

    Examples
    --------
    >>> Compare(field="revenue", test="gt", value=50).model_dump_json()
    '{"kind":"compare","field":"revenue","test":"gt","value":50}'
    """

    kind: Literal["compare"] = "compare"
    test: Comparison
    value: RuleValue

    @property
    def accepted(self) -> frozenset[ValueKind]:
        """The kind of the value; for a day, instants too."""
        return _alike(kind_of(self.value))

    @model_validator(mode="after")
    def _has_order(self) -> Self:
        kind = kind_of(self.value)
        if self.test.is_order and kind not in _ORDERED:
            message = (
                f"{self.field} {self.test} {self.value!r:.60}: a {kind} has no order. "
                "Test with eq, ne or one_of"
            )
            raise ValueError(message)
        return self


class CompareFields(_Test):
    """A field compares with another one of the same row, or with a multiple of it.

    Whole numbers compare with whole numbers exactly, all other numbers as float64. If either field
    is missing, the test does not hold.

    Examples
    --------
    >>> CompareFields(field="revenue", test="lt", other="revenue_before", factor=0.5).fields_used
    ('revenue', 'revenue_before')
    """

    kind: Literal["compare_fields"] = "compare_fields"
    test: Comparison
    other: FieldName
    """Name of the other field."""
    factor: RuleValue | None = None
    """By what the other field, a number, is multiplied before it is compared."""

    @property
    def accepted(self) -> frozenset[ValueKind]:
        """Numbers where there is a factor, what has an order where that is asked for, else all."""
        if self.factor is not None:
            return frozenset({ValueKind.NUMBER})
        return _ORDERED if self.test.is_order else frozenset(ValueKind)

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.field == self.other:
            message = f"{self.field} is compared with itself: name another field"
            raise ValueError(message)
        if self.factor is not None and kind_of(self.factor) is not ValueKind.NUMBER:
            message = f"the factor of {self.other} is {self.factor!r:.60}, and has to be a number"
            raise ValueError(message)
        return self


class OneOf(_Test):
    """A field is one of some values, all of one kind.

    Examples
    --------
    >>> OneOf(field="segment", values=("mass", "youth")).values
    ('mass', 'youth')
    """

    kind: Literal["one_of"] = "one_of"
    values: Annotated[tuple[RuleValue, ...], Field(min_length=1, max_length=MAX_LISTED)]

    @property
    def accepted(self) -> frozenset[ValueKind]:
        """The kind of the values; for days, instants too."""
        return _alike(kind_of(self.values[0]))

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        _refuse_mixture(self.field, *self.values)
        return self


class Between(_Test):
    """A field lies in a span of numbers, days or instants.

    Examples
    --------
    >>> Between(field="tenure_months", low=12, high=24, include="low").include
    <Ends.LOW: 'low'>
    """

    kind: Literal["between"] = "between"
    low: RuleValue
    high: RuleValue
    include: Ends = Ends.BOTH
    """Which of the two ends belong to the span."""

    @property
    def includes_low(self) -> bool:
        """Whether ``low`` itself belongs to the span."""
        return self.include in {Ends.BOTH, Ends.LOW}

    @property
    def includes_high(self) -> bool:
        """Whether ``high`` itself belongs to the span."""
        return self.include in {Ends.BOTH, Ends.HIGH}

    @property
    def accepted(self) -> frozenset[ValueKind]:
        """The kind of the ends; for days, instants too."""
        return _alike(kind_of(self.low))

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        _refuse_mixture(self.field, self.low, self.high)
        if (kind := kind_of(self.low)) not in _ORDERED:
            message = f"{self.field} between {self.low!r:.60} and ...: a {kind} has no order"
            raise ValueError(message)
        low: Any = self.low
        high: Any = self.high
        if high < low or (high == low and self.include is not Ends.BOTH):
            message = (
                f"{self.field} between {low} and {high}, with {self.include} of the ends included: "
                "nothing lies there"
            )
            raise ValueError(message)
        return self


class TextTest(_Test):
    """A field of text starts with, contains or ends with another text, letter case and all.

    Examples
    --------
    >>> TextTest(field="other_party", match="starts_with", text="+882").accepted
    frozenset({<ValueKind.TEXT: 'text'>})
    """

    kind: Literal["text"] = "text"
    match: TextMatch
    text: Annotated[str, StringConstraints(min_length=1, max_length=1000)]

    @property
    def accepted(self) -> frozenset[ValueKind]:
        """Text."""
        return frozenset({ValueKind.TEXT})


class IsMissing(_Test):
    """A field has no value: null, or NaN.

    Examples
    --------
    >>> ~IsMissing(field="segment")
    Not(kind='not', condition=IsMissing(kind='missing', field='segment'))
    """

    kind: Literal["missing"] = "missing"

    @property
    def accepted(self) -> frozenset[ValueKind]:
        """All kinds."""
        return frozenset(ValueKind)


class _Group(_Combinable):
    kind: str
    conditions: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=MAX_TESTS)]

    @cached_property
    def tests(self) -> tuple[FieldTest, ...]:
        """The tests that the condition is made of, in the order in which they are written."""
        return tuple(test for condition in self.conditions for test in condition.tests)

    @cached_property
    def depth(self) -> int:
        """How deep conditions stand in each other."""
        return 1 + max(condition.depth for condition in self.conditions)

    @model_validator(mode="after")
    def _within_limits(self) -> Self:
        _limit(self.depth, MAX_DEPTH, "conditions stand {} deep in each other")
        _limit(len(self.tests), MAX_TESTS, "a condition holds {} tests")
        return self


class AllOf(_Group):
    """Every one of some conditions holds.

    Examples
    --------
    >>> low = Compare(field="revenue", test="lt", value=10)
    >>> (low & IsMissing(field="segment")).fields_used
    ('revenue', 'segment')
    """

    kind: Literal["all_of"] = "all_of"


class AnyOf(_Group):
    """At least one of some conditions holds.

    Examples
    --------
    >>> low = Compare(field="revenue", test="lt", value=10)
    >>> len((low | IsMissing(field="segment") | low).conditions)
    3
    """

    kind: Literal["any_of"] = "any_of"


class Not(_Combinable):
    """A condition does not hold: also where it does not because a value is missing.

    Examples
    --------
    >>> premium = Compare(field="segment", test="eq", value="premium")
    >>> ~~premium == premium
    True
    """

    kind: Literal["not"] = "not"
    condition: Condition

    @property
    def tests(self) -> tuple[FieldTest, ...]:
        """The tests of the condition that is turned round."""
        return self.condition.tests

    @cached_property
    def depth(self) -> int:
        """How deep conditions stand in each other."""
        return 1 + self.condition.depth

    def __invert__(self) -> Condition:
        return self.condition

    @model_validator(mode="after")
    def _within_limits(self) -> Self:
        _limit(self.depth, MAX_DEPTH, "conditions stand {} deep in each other")
        return self


FieldTest: TypeAlias = Compare | CompareFields | OneOf | Between | TextTest | IsMissing
"""A condition that looks at a field."""

Condition: TypeAlias = Annotated[
    Compare | CompareFields | OneOf | Between | TextTest | IsMissing | AllOf | AnyOf | Not,
    Field(discriminator="kind"),
]
"""Any condition. Within a record it is read and written by its ``kind``."""

for _holder in (AllOf, AnyOf, Not):
    _holder.model_rebuild()

_KINDS: Final[dict[str, type[_Combinable]]] = {
    kind.model_fields["kind"].default: kind
    for kind in (Compare, CompareFields, OneOf, Between, TextTest, IsMissing, AllOf, AnyOf, Not)
}


def all_of(*conditions: Condition) -> AllOf:
    """Return the condition that every one of some holds.

    Parameters
    ----------
    *conditions : Condition
        At least one: without any it would hold for every row, which is rarely meant.

    Returns
    -------
    AllOf

    Examples
    --------
    >>> all_of(IsMissing(field="msisdn"), IsMissing(field="account_id")).depth
    1
    """
    return AllOf(conditions=conditions)


def any_of(*conditions: Condition) -> AnyOf:
    """Return the condition that at least one of some holds.

    Parameters
    ----------
    *conditions : Condition
        At least one.

    Returns
    -------
    AnyOf

    Examples
    --------
    >>> any_of(IsMissing(field="msisdn"), IsMissing(field="account_id")).fields_used
    ('msisdn', 'account_id')
    """
    return AnyOf(conditions=conditions)


def not_(condition: Condition) -> Not:
    """Return the condition that another one does not hold.

    Parameters
    ----------
    condition : Condition

    Returns
    -------
    Not

    Examples
    --------
    >>> not_(IsMissing(field="msisdn")).condition
    IsMissing(kind='missing', field='msisdn')
    """
    return Not(condition=condition)


def condition_from_json(text: str | bytes) -> Condition:
    """Read what the ``to_json`` of any condition wrote.

    Parameters
    ----------
    text : str or bytes
        UTF-8 JSON.

    Returns
    -------
    Condition

    Raises
    ------
    RecordFormatError
        The text is no JSON, no condition, or of a newer format.
    pydantic.ValidationError
        The condition breaks a rule of its record.

    Examples
    --------
    >>> condition_from_json(IsMissing(field="segment").to_json())
    IsMissing(kind='missing', field='segment')
    """
    try:
        kind = _KINDS[json.loads(text)["kind"]]
    except (ValueError, RecursionError, LookupError, TypeError) as error:
        raise RecordFormatError(
            f"the text is no condition in JSON: its kind has to be one of {', '.join(_KINDS)}."
        ) from error
    return kind.from_json(text)  # type: ignore[return-value]


def _named_by(test: FieldTest) -> tuple[str, ...]:
    return (test.field, test.other) if isinstance(test, CompareFields) else (test.field,)


def _flat(condition: Any, group: type[_Group]) -> tuple[Condition, ...]:
    return condition.conditions if isinstance(condition, group) else (condition,)


def _alike(kind: ValueKind) -> frozenset[ValueKind]:
    return frozenset({kind, ValueKind.INSTANT} if kind is ValueKind.DAY else {kind})


def _refuse_mixture(field: str, *values: Any) -> None:
    kinds = sorted({kind_of(value) for value in values})
    if len(kinds) > 1:
        message = f"{field} is tested against values of several kinds ({', '.join(kinds)})"
        raise ValueError(message)


def _limit(found: int, limit: int, words: str) -> None:
    if found > limit:
        message = f"{words.format(found)}: {limit} are the most"
        raise ValueError(message)

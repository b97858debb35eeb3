"""Rules in plain English, for those who approve and audit them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from telcrm.rules.condition import (
    AllOf,
    AnyOf,
    Between,
    Compare,
    CompareFields,
    Comparison,
    Condition,
    Ends,
    FieldTest,
    IsMissing,
    Not,
    OneOf,
    TextMatch,
    TextTest,
)
from telcrm.rules.rule import Rule
from telcrm.rules.rule_set import Matching, RuleSet
from telcrm.rules.value import Value, ValueKind, kind_of

__all__ = ["describe", "phrase", "sentence", "written"]

_SHOWN: Final = 10
_LONGEST: Final = 60
_EXACT_FLOAT: Final = 1e15

_Words = dict[Comparison, tuple[str, str]]
_SAME: Final[_Words] = {
    Comparison.EQ: ("is", "is not"),
    Comparison.NE: ("is other than", "is"),
}
_IN_TIME: Final[_Words] = {
    **_SAME,
    Comparison.LT: ("is before", "is not before"),
    Comparison.LE: ("is not after", "is after"),
    Comparison.GT: ("is after", "is not after"),
    Comparison.GE: ("is not before", "is before"),
}
_IN_SIZE: Final[_Words] = {
    **_SAME,
    Comparison.LT: ("is below", "is not below"),
    Comparison.LE: ("is at most", "is above"),
    Comparison.GT: ("is above", "is not above"),
    Comparison.GE: ("is at least", "is below"),
}
_TEXT: Final = {
    TextMatch.STARTS_WITH: ("starts with", "does not start with"),
    TextMatch.CONTAINS: ("contains", "does not contain"),
    TextMatch.ENDS_WITH: ("ends with", "does not end with"),
}


def describe(what: Condition | Rule | RuleSet) -> str:
    """Say in plain English what a condition asks, or what a rule or a set of rules does.

    Parameters
    ----------
    what : Condition, Rule or RuleSet

    Returns
    -------
    str
        One line; for a set of rules, one line for each rule and what else holds.

    Examples
    --------
    >>> from telcrm.rules import field
    >>> describe((field("revenue") < 15) & ~field("segment").one_of("mass", "youth"))
    "revenue is below 15 and not (segment is one of 'mass', 'youth')"
    """
    if isinstance(what, RuleSet):
        return "\n".join(_set_lines(what))
    if isinstance(what, Rule):
        return _rule_line(what)
    return _condition_words(what)


def written(value: Value) -> str:
    """Write a value as it stands in a sentence.

    Parameters
    ----------
    value : str, bool, int, Decimal, float, date or datetime

    Returns
    -------
    str
        Numbers keep every digit that tells them apart; long text is cut.

    Examples
    --------
    >>> written("mass"), written(True), written(Decimal("12.50")), written(15.0)
    ("'mass'", 'true', '12.50', '15')
    """
    return _WRITERS[kind_of(value)](value)


def _write_number(number: Any) -> str:
    if isinstance(number, Decimal):
        long = abs(number.adjusted()) > _LONGEST or len(number.as_tuple().digits) > _LONGEST
        return str(number) if long else f"{number:f}"
    if isinstance(number, float) and number.is_integer() and abs(number) < _EXACT_FLOAT:
        return f"{number:.0f}"
    return repr(number)


def _write_text(text: Any) -> str:
    return repr(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}...")


def _write_instant(instant: Any) -> str:
    return f"{instant.replace(tzinfo=None).isoformat(' ')} UTC"


_WRITERS: Final[dict[ValueKind, Callable[[Any], str]]] = {
    ValueKind.TEXT: _write_text,
    ValueKind.NUMBER: _write_number,
    ValueKind.BOOLEAN: lambda answer: "true" if answer else "false",
    ValueKind.DAY: str,
    ValueKind.INSTANT: _write_instant,
}


def phrase(test: FieldTest, *, turned: bool = False, kind: ValueKind = ValueKind.NUMBER) -> str:
    """Say what a test asks of its field, to follow the field's name.

    Parameters
    ----------
    test : FieldTest
    turned : bool
        Say the opposite.
    kind : ValueKind
        Of two fields that are compared with each other.

    Returns
    -------
    str

    Examples
    --------
    >>> from telcrm.rules import field
    >>> phrase(field("revenue") < 15), phrase(field("revenue") < 15, turned=True)
    ('is below 15', 'is not below 15')
    """
    match test:
        case Compare():
            return f"{_verb(test.test, kind_of(test.value), turned)} {written(test.value)}"
        case CompareFields():
            factor = "" if test.factor is None else f"{written(test.factor)} times "
            return f"{_verb(test.test, kind, turned)} {factor}{test.other}"
        case OneOf():
            return f"is {'none' if turned else 'one'} of {_listed(test.values)}"
        case Between():
            verb = "does not lie" if turned else "lies"
            return f"{verb} between {_span(test)}"
        case TextTest():
            return f"{_TEXT[test.match][turned]} {written(test.text)}"
        case IsMissing():
            return "is not missing" if turned else "is missing"


def sentence(test: FieldTest, values: Sequence[Value | None], *, holds: bool) -> str:
    """Say how a test came out for the values that it met.

    Parameters
    ----------
    test : FieldTest
    values : sequence of value or None
        Of the field; for :class:`CompareFields`, of the other field too.
    holds : bool

    Returns
    -------
    str

    Examples
    --------
    >>> from telcrm.rules import field
    >>> sentence(field("revenue") < 15, [Decimal("12.50")], holds=True)
    'revenue 12.50 is below 15'
    >>> sentence(field("revenue") < 15, [None], holds=False)
    'revenue is missing'
    """
    value, *others = values
    if value is None:
        return f"{test.field} is missing"
    said = phrase(test, turned=not holds, kind=kind_of(value))
    if isinstance(test, CompareFields):
        if others[0] is None:
            return f"{test.other} is missing"
        return f"{test.field} {written(value)} {said} ({written(others[0])})"
    if said == f"is {written(value)}":
        return f"{test.field} {said}"
    return f"{test.field} {written(value)} {said}"


def _verb(test: Comparison, kind: ValueKind, turned: bool) -> str:
    in_time = kind in {ValueKind.DAY, ValueKind.INSTANT}
    return (_IN_TIME if in_time else _IN_SIZE)[test][turned]


def _listed(values: Sequence[Value]) -> str:
    shown = ", ".join(map(written, values[:_SHOWN]))
    more = len(values) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _span(test: Between) -> str:
    low, high = written(test.low), written(test.high)
    if test.include is Ends.BOTH:
        return f"{low} and {high}"
    words = {True: "included", False: "excluded"}
    return f"{low} ({words[test.includes_low]}) and {high} ({words[test.includes_high]})"


def _condition_words(condition: Condition, *, within: type | None = None) -> str:
    match condition:
        case AllOf() | AnyOf():
            kind = type(condition)
            joint = " and " if kind is AllOf else " or "
            parts = [_condition_words(each, within=kind) for each in condition.conditions]
            joined = joint.join(parts)
            return f"({joined})" if within not in {None, kind} and len(parts) > 1 else joined
        case Not():
            return f"not ({_condition_words(condition.condition)})"
    return f"{condition.field} {phrase(condition)}"


def _rule_line(rule: Rule) -> str:
    outcome = [rule.then] if rule.then is not None else []
    if rule.score is not None:
        outcome.append(f"score {written(rule.score)}")
    ends = f": {', '.join(outcome)}" if outcome else ""
    reason = f" [{rule.reason}]" if rule.reason else ""
    return f"{rule.name}: if {_condition_words(rule.when)}{ends}{reason}"


def _set_lines(rule_set: RuleSet) -> list[str]:
    which = "the first rule" if rule_set.matching is Matching.FIRST else "every rule"
    lines = [f"{rule_set.name}, version {rule_set.version}: {which} that holds fires."]
    lines += [f"{at}. {_rule_line(rule)}" for at, rule in enumerate(rule_set.rules, start=1)]
    if rule_set.otherwise is not None:
        lines.append(f"Otherwise: {rule_set.otherwise}")
    return lines

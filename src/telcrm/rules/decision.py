"""Decisions on one row, with the reasons that an auditor asks for."""

from __future__ import annotations

from telcrm.domain import Record
from telcrm.rules.compile_record import on_values
from telcrm.rules.condition import AllOf, AnyOf, CompareFields, Condition, FieldTest, Not
from telcrm.rules.row import Row, Values, reader
from telcrm.rules.rule import Rule
from telcrm.rules.rule_set import Matching, RuleSet
from telcrm.rules.value import SeenValue
from telcrm.rules.wording import sentence

__all__ = ["Decision", "Evidence", "Explanation", "RuleOutcome", "decide", "explain"]


class Evidence(Record):
    """How one test came out, and for which value."""

    field: str
    value: SeenValue
    """What the field held; None where it was missing."""
    other: str | None = None
    """The other field, where two were compared."""
    other_value: SeenValue = None
    holds: bool
    words: str
    """The same for a reader: ``"revenue 12.50 is below 15"``."""


class Explanation(Record):
    """Whether a condition holds, and the tests that settle it."""

    holds: bool
    evidence: tuple[Evidence, ...]
    """Enough to settle the question: the other tests could have come out either way."""

    @property
    def words(self) -> str:
        """The reasons in one line."""
        return "; ".join(dict.fromkeys(each.words for each in self.evidence))


class RuleOutcome(Record):
    """How one rule came out."""

    rule: str
    """Name of the rule."""
    then: str | None
    score: float | None
    reason: str
    explanation: Explanation


class Decision(Record):
    """What a rule set decided on one row, and why."""

    rule_set: str
    version: int
    label: str | None
    """Of the first rule that fired, or what the set says otherwise."""
    score: float
    """Sum of the scores of the rules that fired."""
    fired: tuple[RuleOutcome, ...]
    not_fired: tuple[RuleOutcome, ...]
    """The rules that did not hold; where only the first fires, those before it."""


def explain(condition: Condition, row: Row) -> Explanation:
    """Tell whether a condition holds for one row, and why.

    Parameters
    ----------
    condition : Condition
    row : mapping or pydantic record

    Returns
    -------
    Explanation

    Raises
    ------
    UnknownFieldError
        The row lacks a field that the condition looks at.
    FieldTypeError
        A field holds a value that cannot be put to its test.

    Examples
    --------
    >>> from telcrm.rules import field
    >>> low_and_young = (field("revenue") < 15) & field("segment").one_of("youth")
    >>> explain(low_and_young, {"revenue": 12.5, "segment": "youth"}).words
    "revenue 12.5 is below 15; segment 'youth' is one of 'youth'"
    >>> explain(low_and_young, {"revenue": 12.5, "segment": "mass"}).words
    "segment 'mass' is none of 'youth'"
    """
    return _explain(condition, reader(condition.tests)(row))


def decide(rule_set: RuleSet, row: Row) -> Decision:
    """Put one row to a rule set, and keep the reasons.

    Parameters
    ----------
    rule_set : RuleSet
    row : mapping or pydantic record

    Returns
    -------
    Decision
        A record: ``to_json`` stores it.

    Raises
    ------
    UnknownFieldError
        The row lacks a field that a rule looks at, even one that would not be reached.
    FieldTypeError
        A field holds a value that cannot be put to its test.

    Examples
    --------
    >>> from telcrm.rules import field
    >>> high = Rule(name="high", when=field("revenue") >= 50, then="premium")
    >>> segments = RuleSet(name="segments", version=1, rules=(high,), otherwise="mass")
    >>> decision = decide(segments, {"revenue": 20})
    >>> decision.label, decision.not_fired[0].explanation.words
    ('mass', 'revenue 20 is below 50')
    """
    values = reader(test for rule in rule_set.rules for test in rule.when.tests)(row)
    fired: list[RuleOutcome] = []
    not_fired: list[RuleOutcome] = []
    for rule in rule_set.rules:
        explanation = _explain(rule.when, values)
        (fired if explanation.holds else not_fired).append(_outcome(rule, explanation))
        if explanation.holds and rule_set.matching is Matching.FIRST:
            break
    return Decision(
        rule_set=rule_set.name,
        version=rule_set.version,
        label=fired[0].then if fired else rule_set.otherwise,
        score=sum((outcome.score or 0.0 for outcome in fired), 0.0),
        fired=tuple(fired),
        not_fired=tuple(not_fired),
    )


def _outcome(rule: Rule, explanation: Explanation) -> RuleOutcome:
    return RuleOutcome(
        rule=rule.name,
        then=rule.then,
        score=rule.score,
        reason=rule.reason,
        explanation=explanation,
    )


def _explain(condition: Condition, values: Values) -> Explanation:
    holds, tests = _settled_by(condition, values)
    return Explanation(
        holds=holds, evidence=tuple(_evidence(test, values, came_out) for test, came_out in tests)
    )


_Settled = tuple[bool, list[tuple[FieldTest, bool]]]


def _settled_by(condition: Condition, values: Values) -> _Settled:
    """Return whether a condition holds, and the tests that settle it, with their outcomes."""
    match condition:
        case AllOf() | AnyOf():
            settles = isinstance(condition, AnyOf)
            parts = [_settled_by(each, values) for each in condition.conditions]
            deciding = [part for part in parts if part[0] is settles]
            # One failure settles "all", one success settles "any"; else every part has its say.
            holds = settles if deciding else not settles
            return holds, [test for _, tests in deciding or parts for test in tests]
        case Not():
            holds, tests = _settled_by(condition.condition, values)
            return not holds, tests
    holds = on_values(condition)(values)
    return holds, [(condition, holds)]


def _evidence(test: FieldTest, values: Values, holds: bool) -> Evidence:
    other = test.other if isinstance(test, CompareFields) else None
    seen = [values[name] for name in (test.field, other) if name is not None]
    return Evidence(
        field=test.field,
        value=seen[0],
        other=other,
        other_value=seen[1] if other is not None else None,
        holds=holds,
        words=sentence(test, seen, holds=holds),
    )

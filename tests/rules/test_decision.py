"""Decisions and their reasons: enough to settle the question, true, and storable."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import cycle, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from tests.rules.random_conditions import Rows, conditions, rows, rule_sets

import telcrm.rules.decision as decision_module
from telcrm.rules import (
    AllOf,
    AnyOf,
    Condition,
    Decision,
    Evidence,
    Explanation,
    Matching,
    Not,
    Rule,
    RuleSet,
    decide,
    explain,
    field,
    holds,
)
from telcrm.rules.row import reader

x, y = field("x"), field("y")


def judged(condition: Condition, outcomes: list[bool]) -> bool:
    """The condition if its tests, in order, came out like this."""
    match condition:
        case AllOf():
            return all([judged(each, outcomes) for each in condition.conditions])  # noqa: C419
        case AnyOf():
            return any([judged(each, outcomes) for each in condition.conditions])  # noqa: C419
        case Not():
            return not judged(condition.condition, outcomes)
    return outcomes.pop(0)


@given(conditions, rows)
def test_the_evidence_settles_the_question(condition: Condition, given_rows: Rows) -> None:
    """Whatever the tests that are not named would have said, the answer stays."""
    for row in given_rows:
        answer, settling = decision_module._settled_by(condition, reader(condition.tests)(row))
        assert answer is holds(condition, row)
        assert all(came_out is holds(test, row) for test, came_out in settling)
        outcomes = {id(test): came_out for test, came_out in settling}
        named = [outcomes.get(id(test)) for test in condition.tests]
        for guesses in product([True, False], repeat=min(named.count(None), 6)):
            guess = cycle([*guesses, True])
            whole = [next(guess) if one is None else one for one in named]
            assert judged(condition, whole) is answer


@given(conditions, rows)
def test_evidence_says_how_its_test_came_out(condition: Condition, given_rows: Rows) -> None:
    for row in given_rows:
        explanation = explain(condition, row)
        assert explanation.holds is holds(condition, row)
        assert explanation.evidence
        for evidence in explanation.evidence:
            assert evidence.field in condition.fields_used
            missing = holds(field(evidence.field).is_missing(), row)
            assert (evidence.value is None) is missing


@given(rule_sets(), rows)
def test_a_decision_is_stored_and_read_as_it_was(rule_set: RuleSet, given_rows: Rows) -> None:
    for row in given_rows:
        decision = decide(rule_set, row)
        again = Decision.from_json(decision.to_json())
        assert again == decision
        assert again.to_json() == decision.to_json()


@given(conditions, rows)
def test_turning_a_condition_round_keeps_the_evidence(
    condition: Condition, given_rows: Rows
) -> None:
    for row in given_rows:
        there, back = explain(condition, row), explain(Not(condition=condition), row)
        assert there.evidence == back.evidence
        assert there.holds is not back.holds


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ((x < 15) & (y == "a"), ["x 12.50 is below 15", "y is 'a'"]),
        ((x < 15) & (y == "b"), ["y 'a' is not 'b'"]),
        ((x > 15) & (y == "b"), ["x 12.50 is not above 15", "y 'a' is not 'b'"]),
        ((x < 15) | (y == "b"), ["x 12.50 is below 15"]),
        ((x > 15) | (y == "b"), ["x 12.50 is not above 15", "y 'a' is not 'b'"]),
        (~((x > 15) | (y == "b")), ["x 12.50 is not above 15", "y 'a' is not 'b'"]),
        (~(x < 15) & (y == "a"), ["x 12.50 is below 15"]),
    ],
)
def test_the_reasons_are_those_that_count(condition: Condition, words: list[str]) -> None:
    explanation = explain(condition, {"x": Decimal("12.50"), "y": "a"})
    assert [evidence.words for evidence in explanation.evidence] == words
    assert explanation.words == "; ".join(words)


def test_evidence_keeps_the_values() -> None:
    [evidence] = explain(x < 0.5 * y, {"x": date.max.day, "y": 100}).evidence
    assert evidence == Evidence(
        field="x",
        value=31,
        other="y",
        other_value=100,
        holds=True,
        words="x 31 is below 0.5 times y (100)",
    )


RULES = RuleSet(
    name="warnings",
    version=4,
    rules=(
        Rule(name="low", when=x < 15, then="call", score=1.5, reason="Pays little."),
        Rule(name="odd", when=y == "b", then="look", score=5),
        Rule(name="short", when=x < 20, then="wait", score=0.25),
    ),
    otherwise="leave",
)


STORED = Path(__file__).parent / "stored"
ROW: dict[str, Any] = {"x": Decimal("12.50"), "y": date(2026, 2, 17), "z": None}
TAKEN = decide(
    RuleSet(
        name="stored",
        version=2,
        rules=(
            Rule(name="a", when=(x < 15) & ~(field("z") != 1), then="call", score=1.5, reason="r"),
            Rule(name="b", when=y > date(2027, 1, 1), then="wait"),
        ),
        matching=Matching.ALL,
    ),
    ROW,
)


@pytest.mark.parametrize("path", sorted(STORED.glob("Decision-*.json")), ids=lambda path: path.stem)
def test_what_an_older_release_stored_is_still_read(path: Path) -> None:
    assert Decision.from_json(path.read_text("utf-8")) == TAKEN


def test_this_format_has_a_file() -> None:
    current = STORED / f"Decision-{Decision.format_version}.json"
    assert TAKEN.to_json(indent=2) + "\n" == current.read_text("utf-8")


def test_the_first_rule_that_holds_decides() -> None:
    decision = decide(RULES, {"x": 17, "y": "a"})
    assert (decision.label, decision.score, decision.version) == ("wait", 0.25, 4)
    assert [outcome.rule for outcome in decision.fired] == ["short"]
    assert [outcome.explanation.words for outcome in decision.not_fired] == [
        "x 17 is not below 15",
        "y 'a' is not 'b'",
    ]
    assert decide(RULES, {"x": 1, "y": "b"}).not_fired == ()


def test_all_rules_that_hold_add_up() -> None:
    decision = decide(RULES.replace(matching=Matching.ALL), {"x": 1, "y": "a"})
    assert (decision.label, decision.score) == ("call", 1.75)
    first, _ = decision.fired
    assert (first.rule, first.then, first.score) == ("low", "call", 1.5)
    assert first.reason == "Pays little."
    assert first.explanation == Explanation(
        holds=True,
        evidence=(Evidence(field="x", value=1, holds=True, words="x 1 is below 15"),),
    )
    assert [outcome.rule for outcome in decision.not_fired] == ["odd"]


def test_where_no_rule_holds_the_set_says_what_else() -> None:
    decision = decide(RULES, {"x": 50, "y": None})
    assert (decision.label, decision.score, decision.fired) == ("leave", 0.0, ())
    assert len(decision.not_fired) == 3

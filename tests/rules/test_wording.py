"""Rules in plain English."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from tests.rules.random_conditions import Rows, conditions, rows, rule_sets

from telcrm.rules import (
    Condition,
    Matching,
    Rule,
    RuleSet,
    all_of,
    describe,
    explain,
    field,
)
from telcrm.rules.value import ValueKind
from telcrm.rules.wording import phrase, written

x, y = field("x"), field("y")
DAY = date(2026, 2, 17)
NINE = datetime(2026, 2, 17, 9, 30, tzinfo=UTC)


@given(conditions)
def test_describing_never_fails_and_names_every_field(condition: Condition) -> None:
    words = describe(condition)
    assert words == words.strip() != ""
    assert "\n" not in words
    assert all(name in words for name in condition.fields_used)


@given(rule_sets())
def test_describing_a_set_never_fails(rule_set: RuleSet) -> None:
    lines = describe(rule_set).splitlines()
    assert len(lines) == 1 + len(rule_set.rules) + (rule_set.otherwise is not None)


@given(conditions, rows)
def test_saying_how_it_came_out_never_fails(condition: Condition, given_rows: Rows) -> None:
    for row in given_rows:
        for evidence in explain(condition, row).evidence:
            assert evidence.words.startswith((evidence.field, str(evidence.other)))


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (x < 15, "x is below 15"),
        (x <= Decimal("9.90"), "x is at most 9.90"),
        (x > 0.5, "x is above 0.5"),
        (x >= 15.0, "x is at least 15"),
        (x == "mass", "x is 'mass'"),
        (x != "mass", "x is other than 'mass'"),
        (x.is_false(), "x is false"),
        (x < DAY, "x is before 2026-02-17"),
        (x <= DAY, "x is not after 2026-02-17"),
        (x > NINE, "x is after 2026-02-17 09:30:00 UTC"),
        (x >= NINE, "x is not before 2026-02-17 09:30:00 UTC"),
        (x < y, "x is below y"),
        (x != 0.5 * y, "x is other than 0.5 times y"),
        (x.one_of("a", "b"), "x is one of 'a', 'b'"),
        (x.one_of(*range(12)), "x is one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"),
        (x.between(1, 5), "x lies between 1 and 5"),
        (x.between(1, 5, include="low"), "x lies between 1 (included) and 5 (excluded)"),
        (x.between(1, 5, include="neither"), "x lies between 1 (excluded) and 5 (excluded)"),
        (x.starts_with("a"), "x starts with 'a'"),
        (x.contains("it's"), 'x contains "it\'s"'),
        (x.ends_with("a"), "x ends with 'a'"),
        (x.is_missing(), "x is missing"),
        (~x.is_missing(), "not (x is missing)"),
        ((x < 1) & (y > 2), "x is below 1 and y is above 2"),
        ((x < 1) | (y > 2) & (y < 5), "x is below 1 or (y is above 2 and y is below 5)"),
        (((x < 1) | (y > 2)) & (y < 5), "(x is below 1 or y is above 2) and y is below 5"),
        (~((x < 1) | (y > 2)), "not (x is below 1 or y is above 2)"),
        (all_of(x < 1) | (y > 2), "x is below 1 or y is above 2"),
    ],
)
def test_what_a_condition_asks(condition: Condition, words: str) -> None:
    assert describe(condition) == words


@pytest.mark.parametrize(
    ("condition", "row", "words"),
    [
        (x < 15, {"x": Decimal("12.50")}, "x 12.50 is below 15"),
        (x < 15, {"x": 15}, "x 15 is not below 15"),
        (x >= 15, {"x": 12.5}, "x 12.5 is below 15"),
        (x == "mass", {"x": "mass"}, "x is 'mass'"),
        (x == "mass", {"x": "youth"}, "x 'youth' is not 'mass'"),
        (x != "mass", {"x": "mass"}, "x is 'mass'"),
        (x != "mass", {"x": "youth"}, "x 'youth' is other than 'mass'"),
        (x == DAY, {"x": NINE}, "x 2026-02-17 09:30:00 UTC is 2026-02-17"),
        (x.is_true(), {"x": False}, "x false is not true"),
        (x <= DAY, {"x": date(2026, 2, 18)}, "x 2026-02-18 is after 2026-02-17"),
        (x < y, {"x": DAY, "y": DAY}, "x 2026-02-17 is not before y (2026-02-17)"),
        (x < 0.5 * y, {"x": 5, "y": 30}, "x 5 is below 0.5 times y (30)"),
        (x < y, {"x": 5, "y": None}, "y is missing"),
        (x < y, {"x": None, "y": None}, "x is missing"),
        (x.one_of("a", "b"), {"x": "c"}, "x 'c' is none of 'a', 'b'"),
        (x.between(1, 5), {"x": 6}, "x 6 does not lie between 1 and 5"),
        (x.contains("a"), {"x": "b"}, "x 'b' does not contain 'a'"),
        (x.is_missing(), {"x": None}, "x is missing"),
        (x.is_missing(), {"x": 0}, "x 0 is not missing"),
        (x != 1, {"x": None}, "x is missing"),
        ((x < 1) | (x < 1), {"x": 5}, "x 5 is not below 1"),
    ],
)
def test_how_a_test_came_out(condition: Condition, row: dict[str, Any], words: str) -> None:
    assert explain(condition, row).words == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.1 + 0.2, "0.30000000000000004"),
        (1e300, "1e+300"),
        (float("inf"), "inf"),
        (-0.0, "-0"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E+300"), "1E+300"),
        ("x" * 100, repr("x" * 57 + "...")),
        ("two\nlines", "'two\\nlines'"),
    ],
)
def test_a_value_is_written_in_full_where_that_matters(value: Any, words: str) -> None:
    assert written(value) == words


def test_two_days_are_before_and_after() -> None:
    assert phrase(x < y, kind=ValueKind.DAY) == "is before y"


def test_a_rule_set_is_told_in_its_order() -> None:
    rule_set = RuleSet(
        name="warnings",
        version=2,
        rules=(
            Rule(name="low", when=x < 15, then="call", score=1, reason="Pays little."),
            Rule(name="high", when=x > 50, then="wait"),
        ),
        matching=Matching.ALL,
        otherwise="none",
    )
    assert describe(rule_set) == (
        "warnings, version 2: every rule that holds fires.\n"
        "1. low: if x is below 15: call, score 1 [Pays little.]\n"
        "2. high: if x is above 50: wait\n"
        "Otherwise: none"
    )
    assert describe(rule_set.rules[1]) == "high: if x is above 50: wait"
    assert "the first rule that holds fires" in describe(rule_set.replace(matching=Matching.FIRST))

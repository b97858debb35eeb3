"""Rule sets: what they refuse, and what is stored of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from pydantic import ValidationError
from tests.rules.random_conditions import rule_sets

from telcrm.errors import RecordFormatError
from telcrm.rules import MAX_RULES, Matching, Rule, RuleSet, field

STORED = Path(__file__).parent / "stored"

HIGH = Rule(name="high", when=field("revenue") >= 50, then="premium")
YOUNG = Rule(name="young", when=field("offer_id").starts_with("Y-"), then="youth")

EVERY_KIND = RuleSet(
    name="every kind",
    version=7,
    rules=(
        Rule(
            name="numbers",
            when=(field("revenue") >= Decimal("49.90"))
            & (field("sms_count") < 5)
            & field("tenure_months").between(3, 24.5, include="low")
            & (field("revenue") != 0.5 * field("revenue_before")),
            then="first",
            score=2.5,
            reason="The amounts say so.",
        ),
        Rule(
            name="times",
            when=(field("period") > date(2026, 1, 1))
            | (field("started_at") <= datetime(2026, 2, 17, 9, 30, tzinfo=UTC))
            | (field("activated_on") == field("terminated_on")),
            then="second",
        ),
        Rule(
            name="words",
            when=~field("segment").one_of("mass", "youth")
            & ~field("segment").is_missing()
            & field("other_party").starts_with("+882")
            & field("offer_id").contains("5G")
            & field("offer_id").ends_with("-24")
            & field("key_account").is_true(),
            then="third",
            score=-1,
        ),
    ),
    matching=Matching.ALL,
    otherwise="none",
)


@given(rule_sets())
def test_a_rule_set_is_stored_and_read_as_it_was(rule_set: RuleSet) -> None:
    stored = rule_set.to_json()
    again = RuleSet.from_json(stored)
    assert again == rule_set
    assert again.to_json() == stored


@pytest.mark.parametrize("path", sorted(STORED.glob("RuleSet-*.json")), ids=lambda path: path.stem)
def test_what_an_older_release_stored_is_still_read(path: Path) -> None:
    assert RuleSet.from_json(path.read_text("utf-8")) == EVERY_KIND


def test_this_format_has_a_file() -> None:
    current = STORED / f"RuleSet-{RuleSet.format_version}.json"
    assert EVERY_KIND.to_json(indent=2) + "\n" == current.read_text("utf-8")


def test_a_newer_format_is_refused() -> None:
    newer = EVERY_KIND.to_json().replace("RuleSet/1", "RuleSet/2")
    with pytest.raises(RecordFormatError, match="or a newer telcrm"):
        RuleSet.from_json(newer)


def test_the_order_of_rules_counts() -> None:
    there = RuleSet(name="s", version=1, rules=(HIGH, YOUNG))
    back = RuleSet(name="s", version=1, rules=(YOUNG, HIGH))
    assert there != back
    assert there.fields_used == ("revenue", "offer_id")
    assert back.fields_used == ("offer_id", "revenue")


def test_labels_and_scores_are_known() -> None:
    labels = RuleSet(name="s", version=1, rules=(HIGH,))
    scores = RuleSet(name="s", version=1, rules=(HIGH.replace(then=None, score=0),))
    assert (labels.has_labels, labels.has_scores) == (True, False)
    assert (scores.has_labels, scores.has_scores) == (False, True)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"rules": ()}, "at least 1 item"),
        ({"rules": (HIGH, YOUNG, HIGH.replace(name="HIGH"))}, "are called 'high', 'HIGH'"),
        ({"rules": (HIGH, YOUNG.replace(then=None))}, "'young' do not. Give each one a label"),
        ({"rules": (HIGH.replace(then=None),), "otherwise": "mass"}, "needs rules with labels"),
        ({"rules": tuple(HIGH.replace(name=f"{at}") for at in range(MAX_RULES + 1))}, "at most"),
        ({"version": 0}, "greater than or equal to 1"),
        ({"version": "1"}, "valid integer"),
        ({"name": " "}, "at least 1 character"),
        ({"matching": "some"}, "'first' or 'all'"),
    ],
)
def test_a_set_that_makes_no_sense_is_refused(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        RuleSet(name="s", version=1, rules=(HIGH, YOUNG)).replace(**changes)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"score": float("nan")}, "finite number"),
        ({"score": "5"}, "valid number"),
        ({"score": 1e10}, "less than or equal"),
        ({"when": None}, "valid dictionary or object"),
        ({"then": ""}, "at least 1 character"),
        ({"priority": 1}, "Extra inputs"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        HIGH.replace(**changes)

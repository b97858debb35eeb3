"""Conditions as records: what they refuse, how they combine, how they are stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import reduce
from operator import or_
from typing import Any

import pytest
from hypothesis import given
from pydantic import ValidationError
from tests.rules.random_conditions import conditions

from telcrm.domain import Record, json_schema
from telcrm.errors import ConditionSyntaxError, RecordFormatError
from telcrm.rules import (
    MAX_DEPTH,
    MAX_TESTS,
    AllOf,
    AnyOf,
    Between,
    Compare,
    CompareFields,
    Condition,
    IsMissing,
    Not,
    OneOf,
    TextTest,
    all_of,
    any_of,
    condition_from_json,
    field,
    not_,
)

A, B, C = (field(name).is_missing() for name in "abc")


class Segment(Record):
    """A record of another room that holds a condition."""

    when: Condition


@given(conditions)
def test_a_condition_is_stored_and_read_as_it_was(condition: Condition) -> None:
    stored = condition.to_json()
    again = condition_from_json(stored)
    assert again == condition
    # 1, 1.0 and True are equal, and are not the same condition.
    assert again.to_json() == stored
    assert Segment.from_json(Segment(when=condition).to_json()).when == condition


@given(conditions)
def test_a_condition_knows_its_tests_and_fields(condition: Condition) -> None:
    text = condition.to_json()
    assert len(condition.tests) == text.count('"field"')
    assert all(json.dumps(name) in text for name in condition.fields_used)
    assert len(set(condition.fields_used)) == len(condition.fields_used)


def test_json_is_what_a_person_would_write() -> None:
    text = """{"kind": "all_of", "conditions": [
        {"kind": "compare", "field": "revenue", "test": "gt", "value": {"decimal": "9.90"}},
        {"kind": "not", "condition": {"kind": "missing", "field": "segment"}},
        {"kind": "between", "field": "period", "low": {"day": "2026-01-01"},
         "high": {"day": "2026-12-01"}, "include": "low"}]}"""
    first, second, third = Segment.model_validate_json(f'{{"when": {text}}}').when.tests
    assert isinstance(first, Compare)
    assert str(first.value) == "9.90"
    assert isinstance(second, IsMissing)
    assert third == field("period").between(date(2026, 1, 1), date(2026, 12, 1), include="low")


def test_and_and_or_join_without_nesting() -> None:
    assert ((A & B) & C) == (A & (B & C)) == all_of(A, B, C) == AllOf(conditions=(A, B, C))
    assert ((A | B) | C) == (A | (B | C)) == any_of(A, B, C) == AnyOf(conditions=(A, B, C))
    assert (A & (B | C)).conditions == (A, B | C)
    assert ~A == not_(A) == Not(condition=A)
    assert ~~A == A


@pytest.mark.parametrize(
    "misuse",
    [
        lambda: A and B,  # type: ignore[unreachable]
        lambda: A or B,  # type: ignore[unreachable]
        lambda: not A,
        lambda: 1 if A else 0,
        lambda: 1 < field("a") < 5,
        lambda: field("a") == 1 and field("b") == 2,
        lambda: field("a") in ["x", "y"],
        lambda: bool(~(A | B)),
    ],
)
def test_what_python_would_misread_is_refused(misuse: Callable[[], Any]) -> None:
    with pytest.raises(ConditionSyntaxError, match=r"Combine conditions with &, \| and ~"):
        misuse()


@pytest.mark.parametrize("other", [True, "x", None, field("b")])
def test_a_condition_combines_with_conditions_only(other: Any) -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        A & other
    with pytest.raises(TypeError, match="unsupported operand"):
        A | other


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: Compare(field="a", test="lt", value="m"), "a text has no order"),
        (lambda: Compare(field="a", test="ge", value=True), "a boolean has no order"),
        (lambda: Compare(field="", test="eq", value=1), "at least 1 character"),
        (lambda: Compare(field="a", test="like", value="m"), "Input should be 'eq', 'ne'"),
        (lambda: CompareFields(field="a", test="eq", other="a"), "compared with itself"),
        (lambda: CompareFields(field="a", test="eq", other="b", factor="2"), "has to be a number"),
        (lambda: CompareFields(field="a", test="eq", other="b", factor=True), "to be a number"),
        (lambda: OneOf(field="a", values=()), "at least 1 item"),
        (lambda: OneOf(field="a", values=(1, "b")), r"several kinds \(number, text\)"),
        (lambda: OneOf(field="a", values=(1, True)), r"several kinds \(boolean, number\)"),
        (lambda: Between(field="a", low=1, high=date(2026, 1, 1)), "several kinds"),
        (lambda: Between(field="a", low="a", high="b"), "a text has no order"),
        (lambda: Between(field="a", low=5, high=1), "nothing lies there"),
        (lambda: Between(field="a", low=5, high=5, include="low"), "nothing lies there"),
        (lambda: TextTest(field="a", match="contains", text=""), "at least 1 character"),
        (lambda: AllOf(conditions=()), "at least 1 item"),
        (any_of, "at least 1 item"),
        (lambda: A.replace(extra=1), "Extra inputs are not permitted"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Callable[[], Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        make()


def test_a_day_and_an_instant_do_not_mix_in_one_span() -> None:
    with pytest.raises(ValidationError, match="several kinds"):
        Between(field="a", low=date(2026, 1, 1), high=datetime(2026, 2, 1, tzinfo=UTC))


def nested(depth: int) -> dict[str, Any]:
    content: dict[str, Any] = {"kind": "missing", "field": "a"}
    for _ in range(depth):
        content = {"kind": "not", "condition": content}
    return content


def test_depth_is_limited() -> None:
    assert Segment(when=nested(MAX_DEPTH)).when.depth == MAX_DEPTH
    with pytest.raises(ValidationError, match=f"stand {MAX_DEPTH + 1} deep in each other"):
        Segment(when=nested(MAX_DEPTH + 1))


def test_text_that_is_nested_without_end_is_refused_not_run() -> None:
    inner = '{"kind":"missing","field":"a"}'
    for depth in (500, 100_000):
        text = '{"kind":"not","condition":' * depth + inner + "}" * depth
        with pytest.raises((ValidationError, RecordFormatError)):
            condition_from_json(text.replace("{", '{"$format":"telcrm.Not/1",', 1))


def test_the_number_of_tests_is_limited() -> None:
    most = any_of(*[A] * MAX_TESTS)
    assert len(most.tests) == MAX_TESTS
    with pytest.raises(ValidationError, match=f"holds {MAX_TESTS + 1} tests"):
        most & B
    assert len(reduce(or_, [A] * 50).conditions) == 50  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text", ["", "[]", "1", "{}", '{"kind": "maybe"}', '{"kind": []}', "[" * 100_000]
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(RecordFormatError, match="no condition in JSON: its kind has to be one of"):
        condition_from_json(text)


def test_a_newer_format_is_refused() -> None:
    text = A.to_json().replace("IsMissing/1", "IsMissing/2")
    with pytest.raises(RecordFormatError, match="or a newer telcrm"):
        condition_from_json(text)


def test_the_json_schema_names_every_kind() -> None:
    definitions = json_schema(Segment)["$defs"]
    assert {"AllOf", "AnyOf", "Not", "Compare", "OneOf", "TextTest"} <= set(definitions)
    forms = definitions["Compare"]["properties"]["value"]["anyOf"]
    assert {"type": "string"} in forms

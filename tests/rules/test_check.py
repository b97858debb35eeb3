"""Conditions are checked against what a table holds, all problems at once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from tests.rules.random_conditions import SHAPE, Shape, ShapeColumn, conditions

from telcrm.errors import ParameterError, RuleMismatchError
from telcrm.rules import (
    Condition,
    ProblemKind,
    Rule,
    RuleSet,
    TableShape,
    check,
    field,
    find_problems,
)
from telcrm.tables import TABLES, Contract

MONTHS: Contract = TABLES["subscriber_months"]
NOON = datetime(2026, 2, 17, 12, tzinfo=UTC)


def problems(condition: Condition, table: TableShape) -> list[tuple[str, str]]:
    return [(problem.kind.value, problem.field) for problem in find_problems(condition, table)]


@given(conditions)
def test_conditions_made_for_a_table_fit_it(condition: Condition) -> None:
    assert find_problems(condition, SHAPE) == ()
    check(condition, SHAPE)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_canonical_contract_is_understood(table: Contract) -> None:
    for column in table.columns:
        missing = find_problems(field(column.name).is_missing(), table)
        assert bool(missing) is not column.nullable
    check(RuleSet(name="s", version=1, rules=fitting(table)), table)


def fitting(table: Contract) -> tuple[Rule, ...]:
    values: dict[str, Any] = {
        "text": "",
        "integer": 1,
        "number": 0.5,
        "boolean": True,
        "day": date(2026, 2, 17),
        "month": date(2026, 2, 1),
        "instant": NOON,
    }
    return tuple(
        Rule(
            name=column.name,
            when=field(column.name)
            == (column.allowed[0] if column.allowed else values[column.type]),
        )
        for column in table.columns
    )


@pytest.mark.parametrize(
    ("condition", "kind"),
    [
        (field("revenue") == "high", "wrong_type"),
        (field("revenue").starts_with("9"), "wrong_type"),
        (field("tenure_months").is_true(), "wrong_type"),
        (field("customer_id") > 5, "wrong_type"),
        (field("customer_id").one_of(1, 2), "wrong_type"),
        (field("customer_id").between(1, 2), "wrong_type"),
        (field("customer_id") == date(2026, 2, 17), "wrong_type"),
        (field("period") == "2026-02-01", "wrong_type"),
        (field("period") < NOON, "wrong_type"),
        (field("customer_id") < field("subscription_id"), "wrong_type"),
        (field("customer_id") == 2 * field("revenue"), "wrong_type"),
        (field("customer_id") == field("revenue"), "different_types"),
        (field("period") == field("tenure_months"), "different_types"),
        (field("payment_mode") == "pre-paid", "never_occurs"),
        (field("payment_mode").one_of("prepaid", "contract"), "never_occurs"),
        (field("period").is_missing(), "never_occurs"),
    ],
)
def test_what_does_not_fit_is_found(condition: Condition, kind: str) -> None:
    assert [found for found, _ in problems(condition, MONTHS)] == [kind]
    with pytest.raises(RuleMismatchError, match="subscriber_months"):
        check(~condition, MONTHS)


@pytest.mark.parametrize(
    "condition",
    [
        field("revenue") > 5,
        field("tenure_months") > 2.5,
        field("tenure_months") == field("revenue"),
        field("period") >= date(2026, 2, 1),
        field("payment_mode").one_of("prepaid", "postpaid"),
        field("payment_mode").starts_with("pre"),
        field("segment") == "any word",
        field("segment").is_missing(),
    ],
)
def test_what_fits_passes(condition: Condition) -> None:
    check(condition, MONTHS)


def test_a_day_may_be_asked_of_an_instant() -> None:
    check(field("started_at") >= date(2026, 2, 1), TABLES["usage"])
    check(field("started_at") >= NOON, TABLES["usage"])


def test_all_problems_are_told_at_once() -> None:
    rules = (
        Rule(name="first", when=(field("revenu") > 5) & (field("segmet") == field("reginn"))),
        Rule(name="second", when=~(field("customer_id") > 5) | (field("revenue") > 5)),
    )
    with pytest.raises(RuleMismatchError) as caught:
        check(RuleSet(name="s", version=1, rules=rules), MONTHS)
    found = caught.value.context["problems"]
    assert [(problem.rule, problem.kind, problem.field) for problem in found] == [
        ("first", ProblemKind.UNKNOWN_FIELD, "revenu"),
        ("first", ProblemKind.UNKNOWN_FIELD, "segmet"),
        ("first", ProblemKind.UNKNOWN_FIELD, "reginn"),
        ("second", ProblemKind.WRONG_TYPE, "customer_id"),
    ]
    assert found[3].message == (
        "'customer_id' of subscriber_months holds text: \"is above 5\" asks for numbers."
    )
    assert caught.value.message.splitlines() == [
        "Rule 'first': subscriber_months has no column 'revenu'. Did you mean 'revenue'?",
        "Rule 'first': subscriber_months has no column 'segmet'. Did you mean 'segment'?",
        f"Rule 'first': {found[2].message}",
        f"Rule 'second': {found[3].message}",
    ]


def test_a_table_without_a_near_name_tells_what_it_has() -> None:
    one = Shape("t", (ShapeColumn("revenue", "number"),))
    [problem] = find_problems(field("x") > 1, one)
    assert problem.message == "t has no column 'x'. It has: revenue."
    [problem] = find_problems(field("x") > 1, Shape("t", ()))
    assert problem.message == "t has no column 'x'. It has none."


def test_a_column_of_an_unknown_type_is_refused() -> None:
    table = Shape("t", (ShapeColumn("x", "blob"),))
    with pytest.raises(ParameterError, match=r"is of type 'blob'\. Known types: text,"):
        check(field("x") > 1, table)

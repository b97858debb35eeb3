"""Rules on one mapping or record: missing values, money, and what is refused."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pandas as pd
import pytest
from pydantic import BaseModel

from telcrm.domain import Money, Payment, PaymentMethod, PaymentStatus
from telcrm.errors import FieldTypeError, UnknownFieldError
from telcrm.rules import (
    Condition,
    Matching,
    Rule,
    RuleSet,
    condition_test,
    field,
    fired_rules,
    holds,
)

DAY = date(2026, 2, 17)
NOON = datetime(2026, 2, 17, 12, tzinfo=UTC)
x, y = field("x"), field("y")

PAYMENT = Payment(
    payment_id="P-1",
    customer_id="C-1",
    account_id="A-1",
    paid_on=DAY,
    amount=Money("12.50", "EUR"),
    method=PaymentMethod.CARD,
    status=PaymentStatus.DONE,
)

MISSING = [None, float("nan"), Decimal("NaN"), pd.NaT, pd.NA]
TESTS = [
    x == 1,
    x != 1,
    x < 1,
    x.between(0, 1),
    x.one_of(1, 2),
    x == "a",
    x != "a",
    x.starts_with("a"),
    x.is_true(),
    x.is_false(),
    x == DAY,
    x != NOON,
    x == y,
    x != y,
    y == x,
]


@pytest.mark.parametrize("missing", MISSING)
def test_no_test_on_a_missing_value_holds(missing: Any) -> None:
    row = {"x": missing, "y": 1}
    assert [condition for condition in TESTS if holds(condition, row)] == []
    assert [condition for condition in TESTS if not holds(~condition, row)] == []
    assert holds(x.is_missing(), row)


@pytest.mark.parametrize(
    ("condition", "row"),
    [
        (x == 0.1, {"x": Decimal("0.1")}),
        (x == Decimal("0.1"), {"x": 0.1}),
        (x.one_of(Decimal("0.10"), 7), {"x": 0.1}),
        (x == 5, {"x": 5.0}),
        (x > 2**53, {"x": 2**53 + 1}),
        (x != y, {"x": 2**53, "y": 2**53 + 1}),
        (x == y, {"x": float(2**53), "y": 2**53 + 1}),
        (x <= 0.5 * y, {"x": Decimal(5), "y": 10}),
        (x == DAY, {"x": NOON}),
        (x.between(DAY, DAY), {"x": NOON}),
        (x.one_of(DAY), {"x": NOON}),
        (x > NOON, {"x": datetime(2026, 2, 17, 12, 0, 1)}),
        (x < y, {"x": NOON, "y": datetime(2026, 2, 18, tzinfo=UTC)}),
        (x.contains("."), {"x": "a.b"}),
        (~x.contains("."), {"x": "ab"}),
        (x == y, {"x": True, "y": True}),
    ],
)
def test_what_holds(condition: Condition, row: dict[str, Any]) -> None:
    assert holds(condition, row)


def test_any_mapping_and_any_pydantic_model_is_a_row() -> None:
    class Subscriber(BaseModel):
        x: int
        y: float | None = None

    low = condition_test((x < 5) & y.is_missing())
    for row in (
        {"x": 1, "y": None},
        MappingProxyType({"x": 1, "y": None, "z": object()}),
        ChainMap[str, Any]({"x": 1}, {"y": None}),
        Subscriber(x=1),
    ):
        assert low(row)


def test_money_is_its_amount_beside_its_currency() -> None:
    assert holds((field("amount") == 12.5) & (field("currency") == "EUR"), PAYMENT)
    assert holds(field("method").one_of("card", "cash"), PAYMENT)
    assert holds(field("amount") > 12, {"amount": Money("12.50", "EUR")})


def test_amounts_of_two_currencies_have_no_common_one() -> None:
    class Exchange(BaseModel):
        paid: Money
        received: Money

    exchange = Exchange(paid=Money("1", "EUR"), received=Money("1", "USD"))
    with pytest.raises(UnknownFieldError, match="no field 'currency'"):
        holds(field("currency") == "EUR", exchange)


@pytest.mark.parametrize("row", [{"revenue": 1.0}, PAYMENT])
def test_a_field_that_is_not_there_is_refused(row: Any) -> None:
    with pytest.raises(UnknownFieldError, match="no field 'amout'") as caught:
        holds(field("revenue").is_missing() & (field("amout") > 1), {"revenue": 1.0})
    assert caught.value.context == {"field": "amout"}
    with pytest.raises(KeyError, match=r"Did you mean 'revenue'\?|Did you mean 'amount'\?"):
        holds(field("revenu" if isinstance(row, dict) else "amoun") > 1, row)


@pytest.mark.parametrize(
    ("condition", "value", "complaint"),
    [
        (
            x > 5,
            "high",
            "field 'x' is 'high', which is of kind text: \"is above 5\" asks for number",
        ),
        (x > 5, True, "of kind boolean"),
        (x.is_true(), 1, "asks for boolean"),
        (x.starts_with("5"), 5, "asks for text"),
        (x > NOON, DAY, "asks for instant"),
        (x == DAY, "2026-02-17", "asks for day or instant"),
        (x > y, "b", "asks for number or day or instant"),
        (x == y, "b", "text and number do not compare"),
        (x == 2 * y, DAY, "asks for number"),
        (x == 1, [1], "is of type list"),
        (x.is_missing(), {"a": 1}, "is of type dict"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(
    condition: Condition, value: Any, complaint: str
) -> None:
    with pytest.raises(FieldTypeError, match=complaint):
        holds(condition, {"x": value, "y": 1})


@pytest.mark.parametrize(
    "condition",
    [
        (x == 1) | (y == "a"),
        (y == "a") | (x == 1),
        (x == 2) & (y == "a"),
        ~((x == 2) & (y == "a")),
    ],
)
def test_whether_a_row_is_refused_does_not_depend_on_the_order(condition: Condition) -> None:
    with pytest.raises(FieldTypeError, match="field 'y' is 5"):
        holds(condition, {"x": 1, "y": 5})


def test_a_field_used_as_two_kinds_is_refused_either_way() -> None:
    torn = (x == 1) | (x == "a")
    for value in (1, "a"):
        with pytest.raises(FieldTypeError, match="field 'x' is"):
            holds(torn, {"x": value})
    assert not holds(torn, {"x": None})


@pytest.mark.parametrize(("matching", "names"), [("first", ["b"]), ("all", ["b", "c"])])
def test_the_rules_that_fire(matching: Matching, names: list[str]) -> None:
    rules = (
        Rule(name="a", when=x > 10),
        Rule(name="b", when=x > 5),
        Rule(name="c", when=x > 1),
    )
    fired: Callable[[Any], tuple[Rule, ...]]
    fired = fired_rules(RuleSet(name="s", version=1, rules=rules, matching=matching))
    assert [rule.name for rule in fired({"x": 7})] == names
    assert fired({"x": 0}) == ()
    with pytest.raises(UnknownFieldError):
        fired({"y": 7})

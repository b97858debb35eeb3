"""Conditions as one would say them in Python are the records that they stand for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from telcrm.domain import SubscriptionStatus
from telcrm.errors import ConditionSyntaxError
from telcrm.rules import (
    Between,
    Compare,
    CompareFields,
    Condition,
    IsMissing,
    OneOf,
    TextTest,
    field,
)

x, y = field("x"), field("y")


def fields(test: str, factor: Any = None) -> CompareFields:
    return CompareFields(field="x", test=test, other="y", factor=factor)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (x == 1, Compare(field="x", test="eq", value=1)),
        (x != "a", Compare(field="x", test="ne", value="a")),
        (x < 1.5, Compare(field="x", test="lt", value=1.5)),
        (x <= Decimal("9.90"), Compare(field="x", test="le", value=Decimal("9.90"))),
        (x > date(2026, 1, 1), Compare(field="x", test="gt", value=date(2026, 1, 1))),
        (x >= 1, Compare(field="x", test="ge", value=1)),
        (1 < x, Compare(field="x", test="gt", value=1)),  # noqa: SIM300 (what is tested)
        (1 >= x, Compare(field="x", test="le", value=1)),  # noqa: SIM300
        (x == SubscriptionStatus.ACTIVE, Compare(field="x", test="eq", value="active")),
        (x.is_true(), Compare(field="x", test="eq", value=True)),
        (x.is_false(), Compare(field="x", test="eq", value=False)),
        (x == y, fields("eq")),
        (x != y, fields("ne")),
        (x < y, fields("lt")),
        (x <= 2 * y, fields("le", 2)),
        (x > y * 0.5, fields("gt", 0.5)),
        (Decimal("0.5") * y <= x, fields("ge", Decimal("0.5"))),
        (2 * y == x, fields("eq", 2)),
        (2 * y != x, fields("ne", 2)),
        (x.one_of("a", "b"), OneOf(field="x", values=("a", "b"))),
        (x.between(1, 5, include="low"), Between(field="x", low=1, high=5, include="low")),
        (x.starts_with("a"), TextTest(field="x", match="starts_with", text="a")),
        (x.contains("a"), TextTest(field="x", match="contains", text="a")),
        (x.ends_with("a"), TextTest(field="x", match="ends_with", text="a")),
        (x.is_missing(), IsMissing(field="x")),
    ],
)
def test_what_is_said_is_what_is_meant(said: Condition, meant: Condition) -> None:
    assert type(said) is type(meant)
    assert said == meant
    assert said.to_json() == meant.to_json()


@pytest.mark.parametrize(
    ("misuse", "advice"),
    [
        (lambda: x == None, r"field\('x'\)\.is_missing\(\)"),  # noqa: E711 (what is tested)
        (lambda: x and y, r"field\('x'\)\.is_true\(\)"),  # type: ignore[unreachable]
        (lambda: 2 * x == 5, "Divide the value"),
        (lambda: 2 * x < 3 * y, "only a plain field"),
        (lambda: bool(2 * x), "is no condition"),
    ],
)
def test_what_cannot_be_meant_is_refused(misuse: Callable[[], Any], advice: str) -> None:
    with pytest.raises(ConditionSyntaxError, match=advice):
        misuse()


@pytest.mark.parametrize("unhashable", [x, 2 * x])
def test_a_field_is_no_key(unhashable: Any) -> None:
    # Two fields of one name would not be found as equal.
    with pytest.raises(TypeError, match="unhashable"):
        hash(unhashable)

"""What counts as a value, what counts as missing, and how values are stored."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from telcrm.domain import Currency, Money, SubscriptionStatus
from telcrm.rules.value import RuleValue, SeenValue, ValueKind, kind_of, plain_value

RULE_VALUE: TypeAdapter[Any] = TypeAdapter(RuleValue)
SEEN_VALUE: TypeAdapter[Any] = TypeAdapter(SeenValue)
NINE = datetime(2026, 2, 17, 9, tzinfo=UTC)

rule_values = st.one_of(
    st.text(max_size=20),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(-(2**53), 2**53),
    st.decimals(-(2**53), 2**53, allow_nan=False),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
)


@given(rule_values)
def test_a_rule_value_is_stored_and_read_as_it_was(value: Any) -> None:
    stored = json.dumps(RULE_VALUE.dump_python(value, mode="json"))
    again = RULE_VALUE.validate_python(json.loads(stored))
    assert again == value
    assert type(again) is type(value)


@given(st.none() | rule_values | st.sampled_from([float("inf"), float("-inf"), 2**64 - 1]))
def test_a_seen_value_is_stored_and_read_as_it_was(value: Any) -> None:
    stored = json.dumps(SEEN_VALUE.dump_python(value, mode="json"), allow_nan=False)
    assert SEEN_VALUE.validate_python(json.loads(stored)) == value


@pytest.mark.parametrize(
    ("given_value", "plain"),
    [
        (SubscriptionStatus.ACTIVE, "active"),
        (np.str_("mass"), "mass"),
        (Money("12.50", "EUR"), Decimal("12.50")),
        (Currency("EUR"), "EUR"),
        (np.bool_(True), True),
        (np.int64(5), 5),
        (np.float32(0.5), 0.5),
        (np.float64(0.1), 0.1),
        (pd.Timestamp("2026-02-17 09:00:00.000001999"), NINE + timedelta(microseconds=1)),
        (datetime(2026, 2, 17, 9), NINE),
        (datetime(2026, 2, 17, 11, tzinfo=timezone(timedelta(hours=2))), NINE),
        (date(2026, 2, 17), date(2026, 2, 17)),
    ],
)
def test_what_stands_for_a_value_becomes_one(given_value: Any, plain: Any) -> None:
    value = plain_value(given_value)
    assert value == plain
    assert type(value) is type(plain)


class OwnDate(date):
    """As test tools make them."""


def test_a_day_of_another_class_is_a_day() -> None:
    assert type(plain_value(OwnDate(2026, 2, 17))) is date


@pytest.mark.parametrize(
    "missing",
    [None, float("nan"), np.float32("nan"), Decimal("NaN"), Decimal("sNaN"), pd.NaT, pd.NA],
)
def test_what_is_missing_is_none(missing: Any) -> None:
    assert plain_value(missing) is None


@pytest.mark.parametrize("value", [[1], b"x", 1j, {"day": "2026-02-17"}, object(), timedelta(1)])
def test_what_is_no_value_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="is of type"):
        plain_value(value)


def test_a_whole_number_of_too_many_bits_is_refused() -> None:
    assert plain_value(2**64 - 1) == 2**64 - 1
    with pytest.raises(ValueError, match="64 bits"):
        plain_value(2**64)


def test_an_instant_outside_the_calendar_is_refused() -> None:
    east = timezone(timedelta(hours=14))
    with pytest.raises(ValueError, match="years 1 to 9999"):
        plain_value(datetime(1, 1, 1, tzinfo=east))


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (None, "Ask with is_missing"),
        (float("nan"), "Ask with is_missing"),
        (pd.NaT, "Ask with is_missing"),
        ({"decimal": "NaN"}, "Ask with is_missing"),
        (float("inf"), "no finite number"),
        (Decimal("1e400"), "no finite number"),
        (2**53 + 1, "up to 2\\*\\*53"),
        (-1e300, "up to 2\\*\\*53"),
        (Decimal("0." + "1" * 101), "more than 100 digits"),
        (datetime(2026, 2, 17), "has no time zone"),
        ({"instant": "2026-02-17T09:00:00"}, "has no time zone"),
        (Money("1", "EUR"), "write its amount in major units"),
        ("x" * 1001, "has 1001 characters"),
        ("\ud800", "no valid Unicode"),
        ({"decimal": "ten"}, "no decimal number"),
        ({"day": "17.02.2026"}, "Invalid isoformat"),
        ({"day": "2026-02-17", "more": 1}, "is no value. Apart from"),
        ({"price": "1"}, "is no value. Apart from"),
        ({}, "is no value. Apart from"),
        ({"decimal": 9.9}, "is no value. Apart from"),
    ],
)
def test_a_rule_does_not_compare_with_everything(value: Any, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        RULE_VALUE.validate_python(value)


def test_each_value_has_one_kind() -> None:
    samples: list[Any] = ["", True, 1, 1.0, Decimal(1), date(2026, 1, 1), NINE]
    kinds = [kind_of(value) for value in samples]
    number = ValueKind.NUMBER
    assert kinds == ["text", "boolean", number, number, number, "day", "instant"]

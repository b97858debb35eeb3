"""One query counts what is wrong, and the message names it with its first keys."""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals.stable.v2 as nw
import pytest

from telcrm.errors import CurrencyMismatchError, InvalidTableError
from telcrm.tables.door import open_frame
from telcrm.tables.row_checks import RowCheck, amount_checks, check_rows, not_null

COLUMNS: dict[str, list[Any]] = {
    "customer_id": ["a", "b", "c", "d", None],
    "on": [date(2024, 1, day) for day in (1, 2, 3, 4, 5)],
    "amount": [-1.0, -2.0, -3.0, -4.0, None],
}


def _negative() -> RowCheck:
    return RowCheck("sign", "amount", nw.col("amount") < 0, "is negative", "Turn it round.")


def test_every_broken_rule_is_counted_with_its_first_keys(backend: Any) -> None:
    opened = open_frame(backend.frame(COLUMNS), table="charges")
    rules = [not_null("customer_id"), *amount_checks(opened, "amount"), _negative()]
    with pytest.raises(InvalidTableError) as raised:
        check_rows(opened, rules, keys=["customer_id"])
    findings = raised.value.context["findings"]
    assert [(found.rule, found.column, found.count) for found in findings] == [
        ("null", "customer_id", 1),
        ("null", "amount", 1),
        ("sign", "amount", 4),
    ]
    assert findings[2].keys == (("a",), ("b",), ("c",), ("d",))
    assert "'amount' is negative in 4 rows (first customer_id: a, b, c, d)" in str(raised.value)


def test_a_sound_table_answers_with_its_ranges(quick_backend: Any) -> None:
    opened = open_frame(quick_backend.frame(COLUMNS), table="charges")
    found = check_rows(opened, [not_null("on")], keys=["on"], ranges={"when": nw.col("on")})
    least, greatest = found["when"]
    assert (least.day, greatest.day) == (1, 5)


def test_no_rows_break_no_rule_and_have_no_range(backend: Any) -> None:
    rows = open_frame(backend.frame(COLUMNS), table="charges").rows
    empty = open_frame(rows.filter(nw.col("amount") > 0), table="charges")
    found = check_rows(empty, [_negative()], keys=["on"], ranges={"when": nw.col("on")})
    assert found == {"when": (None, None)}


def test_a_null_currency_is_no_second_currency(quick_backend: Any) -> None:
    mixed = {"currency": ["EUR", None, "USD"]}
    opened = open_frame(quick_backend.frame(mixed), table="charges")
    with pytest.raises(CurrencyMismatchError, match="mixes 'EUR' with 'USD'") as raised:
        check_rows(opened, [], keys=[])
    assert raised.value.context["currencies"] == ["EUR", "USD"]
    one = {"currency": ["EUR", None, "EUR"]}
    check_rows(open_frame(quick_backend.frame(one), table="charges"), [], keys=[])

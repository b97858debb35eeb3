"""One query counts what is wrong, and the message names it with its first keys."""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pytest

from telcrm.errors import CurrencyMismatchError, InvalidTableError
from telcrm.tables.door import open_frame
from telcrm.tables.row_checks import (
    RowCheck,
    Tally,
    amount_checks,
    check_rows,
    finite,
    month_start,
    not_null,
    tally,
)

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


def test_rows_are_counted_on_every_engine(backend: Any) -> None:
    # The first column may be null, and nothing else may be asked for.
    rows = open_frame(backend.frame({"a": [None, "x", None], "b": [1, 2, 3]}), table="t").rows
    assert tally(rows, []) == Tally(3, (), {})
    assert tally(rows, [not_null("a"), not_null("b")]) == Tally(3, (2, 0), {})
    assert tally(rows, [], ranges={"b": nw.col("b")}) == Tally(3, (), {"b": (1, 3)})
    none = rows.filter(nw.col("b") > 3)
    assert tally(none, [not_null("a")], ranges={"b": nw.col("b")}) == Tally(
        0, (0,), {"b": (None, None)}
    )


@pytest.mark.parametrize("frame", [pl.DataFrame(), pd.DataFrame()], ids=["polars", "pandas"])
def test_a_table_without_columns_has_no_rows(frame: Any) -> None:
    assert tally(open_frame(frame, table="t").rows, []) == Tally(0, (), {})


def test_only_infinities_and_nan_are_not_finite(backend: Any) -> None:
    amounts = {"amount": [1.5, None, float("inf"), -float("inf"), 0.0]}
    rows = open_frame(backend.frame(amounts), table="t").rows
    assert tally(rows, [finite("amount")]).counts == (2,)


def test_nan_is_not_finite_unless_it_is_how_the_engine_writes_null(backend: Any) -> None:
    rows = open_frame(backend.frame({"amount": [1.5, float("nan")]}), table="t").rows
    null, broken = tally(rows, [not_null("amount"), finite("amount")]).counts
    assert (null, broken) == ((1, 0) if backend.name == "pandas" else (0, 1))


def test_any_other_day_is_no_month_start(backend: Any) -> None:
    days = {"period": [date(2024, 1, 1), None, date(2024, 1, 2), date(2024, 2, 29)]}
    rows = open_frame(backend.frame(days), table="t").rows
    assert tally(rows, [month_start("period")]).counts == (2,)

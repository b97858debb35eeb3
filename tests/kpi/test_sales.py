"""Sales: plain Python as oracle, and every engine."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.errors import CurrencyMismatchError, ParameterError
from telcrm.kpi import sales

SOLD: dict[str, list[Any]] = {
    "customer_id": ["ann", "ann", "bob", "ann"],
    "recharged_at": [
        datetime(2024, 1, 1, 9),
        datetime(2024, 1, 31, 23),
        datetime(2024, 1, 2),
        datetime(2024, 3, 5),
    ],
    "amount": [10.0, 20.0, 10.0, -5.0],
    "channel": ["app", "app", "shop", "shop"],
}
JAN, FEB, MAR = (date(2024, month, 1) for month in (1, 2, 3))


def test_every_engine_adds_up_alike(backend: Any) -> None:
    result = sales(backend.frame(SOLD), by="channel")
    assert backend.is_own(result)
    assert [tuple(row.values()) for row in backend.rows(result)] == [
        (JAN, "app", 2, 30.0, 1, 15.0, 30.0, 0.75),
        (JAN, "shop", 1, 10.0, 1, 10.0, 10.0, 0.25),
        (FEB, "app", 0, 0.0, 0, None, None, None),
        (FEB, "shop", 0, 0.0, 0, None, None, None),
        (MAR, "app", 0, 0.0, 0, None, None, None),
        (MAR, "shop", 1, -5.0, 1, -5.0, -5.0, None),
    ]


def test_by_day_by_customer_and_over_all_time() -> None:
    frame = pl.DataFrame(SOLD)
    whole = sales(frame, period=None)
    assert whole.rows() == [(4, 35.0, 2, 8.75, 17.5, 1.0)]
    each = sales(frame, by="customer_id", period=None)
    assert each.select("customer_id", "sales", "customers").rows() == [("ann", 3, 1), ("bob", 1, 1)]
    days = sales(frame, period="day")
    assert len(days) == 65
    assert days["sales"].sum() == 4


sale = st.tuples(
    st.sampled_from("abc"),
    st.dates(date(2024, 1, 1), date(2024, 4, 30)),
    st.sampled_from([-1.0, 0.1, 0.2, 10.0]),
    st.sampled_from(["app", "shop"]),
)


@given(st.lists(sale, max_size=20))
@settings(max_examples=20)
def test_added_up_by_hand(rows: list[tuple[str, date, float, str]]) -> None:
    schema = {
        "customer_id": pl.String,
        "recharged_at": pl.Date,
        "amount": pl.Float64,
        "channel": pl.String,
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    found = {(row["period"], row["channel"]): row for row in sales(frame, by="channel").to_dicts()}
    for key in {(day.replace(day=1), channel) for _, day, _, channel in rows}:
        those = [row for row in rows if (row[1].replace(day=1), row[3]) == key]
        row = found[key]
        assert row["sales"] == len(those)
        assert row["customers"] == len({who for who, *_ in those})
        assert row["amount"] == pytest.approx(sum(amount for _, _, amount, _ in those))
    assert sum(row["sales"] for row in found.values()) == len(rows)
    months = [day.replace(day=1) for _, day, _, _ in rows]
    if rows:
        span = 12 * (max(months).year - min(months).year) + max(months).month - min(months).month
        assert len(found) == (span + 1) * len({channel for *_, channel in rows})


def test_mixed_currencies_and_clashes_are_refused(backend: Any) -> None:
    frame = backend.frame(SOLD | {"currency": ["EUR", "EUR", "USD", "EUR"]})
    with pytest.raises(CurrencyMismatchError, match="mixes 'EUR' with 'USD'"):
        sales(frame)
    with pytest.raises(ParameterError, match="would stand twice"):
        sales(frame, by="amount")
    with pytest.raises(ParameterError, match="Choose from: day, month"):
        sales(frame, period="year")

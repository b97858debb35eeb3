"""Arrears of invoices: plain Python as oracle, and every engine."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.errors import InvalidTableError, ParameterError
from telcrm.kpi import arrears

DAY = date(2024, 6, 30)

invoice = st.tuples(
    st.sampled_from("abc"),
    st.integers(-200, 10),
    st.integers(0, 60),
    st.sampled_from([0.1, 10.0, 25.5]),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.sampled_from(["north", "south"]),
)


def frame_of(rows: list[tuple[str, int, int, float, float, str]]) -> pl.DataFrame:
    made = [
        (who, DAY + timedelta(ago), DAY + timedelta(ago + terms), total, total * left, region)
        for who, ago, terms, total, left, region in rows
    ]
    schema = {
        "customer_id": pl.String,
        "issued_on": pl.Date,
        "due_on": pl.Date,
        "total": pl.Float64,
        "open_amount": pl.Float64,
        "region": pl.String,
    }
    return pl.DataFrame(made, schema=schema, orient="row")


@given(st.lists(invoice, max_size=12), st.sampled_from([30, 90]))
@settings(max_examples=25)
def test_added_up_by_hand(rows: list[tuple[str, int, int, float, float, str]], days: int) -> None:
    frame = frame_of(rows)
    known = [row for row in frame.to_dicts() if row["issued_on"] <= DAY]
    found = {
        row["region"]: row for row in arrears(frame, as_of=DAY, by="region", days=days).to_dicts()
    }
    assert sorted(found) == sorted({row["region"] for row in known})
    for region, row in found.items():
        own = [one for one in known if one["region"] == region]
        late = [one for one in own if one["due_on"] < DAY]
        fell = [one for one in late if one["due_on"] >= DAY - timedelta(days)]
        billed = sum(one["total"] for one in own if one["issued_on"] > DAY - timedelta(days))
        owed, overdue = (sum(one["open_amount"] for one in some) for some in (own, late))
        due, left = (sum(one[name] for one in fell) for name in ("total", "open_amount"))
        debtors = {one["customer_id"] for one in late if one["open_amount"] > 0}
        customers = {one["customer_id"] for one in own}
        expected = {
            "customers": len(customers),
            "billed": billed,
            "open": owed,
            "overdue": overdue,
            "overdue_share": overdue / owed if owed else None,
            "customers_overdue": len(debtors),
            "customers_overdue_share": len(debtors) / len(customers),
            "due": due,
            "collected_share": (due - left) / due if due else None,
            "days_sales_outstanding": owed / billed * days if billed else None,
        }
        for name, value in expected.items():
            assert row[name] == (value if value is None else pytest.approx(value, abs=1e-6))


ROWS = [
    ("a", -40, 10, 10.0, 0.5, "north"),
    ("a", -20, 30, 25.5, 1.0, "north"),
    ("b", -100, 14, 10.0, 0.0, "south"),
    ("c", 5, 14, 10.0, 1.0, "south"),
]


def test_every_engine_gives_the_same_figures(backend: Any) -> None:
    columns = frame_of(ROWS).to_dict(as_series=False)
    result = arrears(backend.frame(columns), as_of=DAY, by="region")
    assert backend.is_own(result)
    assert backend.rows(result) == arrears(frame_of(ROWS), as_of=DAY, by="region").to_dicts()


def test_without_groups_there_is_one_row_even_without_invoices() -> None:
    assert len(arrears(frame_of(ROWS), as_of=DAY)) == 1
    nothing = arrears(frame_of([]), as_of=DAY).row(0, named=True)
    assert nothing["customers"] == 0
    assert nothing["overdue_share"] is None
    assert nothing["days_sales_outstanding"] is None


def test_what_makes_no_sense_is_refused() -> None:
    moment: Any = datetime(2024, 6, 30)
    with pytest.raises(ParameterError, match="has to be a date"):
        arrears(frame_of(ROWS), as_of=moment)
    with pytest.raises(ParameterError, match="days is 0"):
        arrears(frame_of(ROWS), as_of=DAY, days=0)
    with pytest.raises(InvalidTableError, match="more open than was billed in 4 rows"):
        arrears(frame_of(ROWS).with_columns(open_amount=pl.lit(99.0)), as_of=DAY)
    with pytest.raises(ParameterError, match="would stand twice"):
        arrears(frame_of(ROWS), as_of=DAY, by="open")

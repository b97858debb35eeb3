"""Months and days as integers, against Python's own calendar, on every engine."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from telcrm.tables.calendar_index import (
    CALENDAR_MONTH,
    calendar,
    day_index,
    month_index,
    month_span,
)
from telcrm.tables.door import open_frame

DAYS = [date(1900, 3, 1), date(1999, 12, 31), date(2000, 2, 29), date(2024, 12, 31)]


def month_of(day: date) -> int:
    return 12 * day.year + day.month - 1


@given(st.lists(st.dates(min_value=date(1600, 1, 1)), min_size=1))
def test_day_and_month_count_as_python_does(days: list[date]) -> None:
    frame = nw.from_native(pl.DataFrame({"at": days}))
    counted = frame.select(day=day_index("at"), month=month_index("at"))
    assert counted["day"].to_list() == [day.toordinal() for day in days]
    assert counted["month"].to_list() == [month_of(day) for day in days]


def test_every_engine_counts_alike(backend: Any) -> None:
    rows = open_frame(backend.frame({"at": DAYS}), table="any").rows
    counted = rows.select(day=day_index("at"), month=month_index("at")).sort("day")
    assert backend.rows(counted) == [
        {"day": day.toordinal(), "month": month_of(day)} for day in DAYS
    ]


def test_every_engine_makes_the_same_calendar(backend: Any) -> None:
    opened = open_frame(backend.frame({"period": DAYS}), table="any")
    first = month_of(date(2023, 11, 1))
    made = calendar(opened, first, first + 2, period="period")
    assert backend.rows(made.sort(CALENDAR_MONTH)) == [
        {CALENDAR_MONTH: first, "period": date(2023, 11, 1)},
        {CALENDAR_MONTH: first + 1, "period": date(2023, 12, 1)},
        {CALENDAR_MONTH: first + 2, "period": date(2023, 11, 1) + timedelta(days=61)},
    ]
    assert backend.rows(calendar(opened, first, first - 1, period="period")) == []


def test_without_rows_there_are_no_months() -> None:
    opened = open_frame(pl.DataFrame({"period": [date(2024, 1, 1)]}), table="t")
    none = calendar(opened, *month_span((None, None)), period="period")
    assert none.collect().shape[0] == 0
    # NumPy-backed pandas hands whole numbers out as floats.
    assert month_span((24287.0, 24288.0)) == (24287, 24288)

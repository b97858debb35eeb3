"""Keys of a result: which rows there are, and which columns may not be keys."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
import pytest

from telcrm.errors import ParameterError
from telcrm.kpi.breakdown import Grain, break_down, column_names, row_names
from telcrm.tables.door import open_frame
from telcrm.tables.row_checks import check_rows

COLUMNS: dict[str, list[Any]] = {
    "came": [datetime(2024, 1, 31, 9), datetime(2024, 1, 31, 10), datetime(2024, 3, 1)],
    "shop": ["a", "b", "a"],
    "price": [1.5, 2.0, 4.0],
}


def summarised(frame: Any, **given: Any) -> tuple[Any, list[str]]:
    keys = break_down("sales", at="came", result=("sold",), **given)
    opened = open_frame(frame, table="sales")
    found = check_rows(opened, keys.rules(), keys=["shop"], ranges=keys.ranges())
    rows = opened.rows.select(
        **keys.keys(opened), sold=nw.lit(1), paid=nw.col("price"), middle=nw.col("price")
    )
    summed = keys.summarise(
        opened, rows, found, counts=["sold"], totals=["paid"], medians=["middle"]
    )
    return keys.close(opened, summed), keys.names


def test_every_month_and_every_group_has_its_row(backend: Any) -> None:
    result, names = summarised(backend.frame(COLUMNS), by="shop", period="month")
    assert names == ["period", "shop"]
    jan, feb, mar = (date(2024, month, 1) for month in (1, 2, 3))
    assert [tuple(row.values()) for row in backend.rows(result)] == [
        (jan, "a", 1, 1.5, 1.5),
        (jan, "b", 1, 2.0, 2.0),
        (feb, "a", 0, 0.0, None),
        (feb, "b", 0, 0.0, None),
        (mar, "a", 1, 4.0, 4.0),
        (mar, "b", 0, 0.0, None),
    ]


def test_days_and_no_keys(backend: Any) -> None:
    result, names = summarised(backend.frame(COLUMNS), by=None, period=Grain.DAY)
    assert names == ["day"]
    days = backend.rows(result)
    assert len(days) == 31
    assert (days[0]["day"], days[0]["sold"], days[0]["middle"]) == (date(2024, 1, 31), 2, 1.75)
    result, names = summarised(backend.frame(COLUMNS), by=None, period=None)
    assert names == []
    assert backend.rows(result) == [{"sold": 3, "paid": 7.5, "middle": 2.0}]


def test_groups_may_be_named_like_what_is_computed_with() -> None:
    frame = pl.DataFrame(COLUMNS).rename({"shop": "_group_0"})
    keys = break_down("sales", by="_group_0", period=None, at="came", result=())
    opened = open_frame(frame, table="sales")
    summed = keys.summarise(
        opened, opened.rows.select(**keys.keys(opened), sold=nw.lit(1)), {}, counts=["sold"]
    )
    assert keys.close(opened, summed).rows() == [("a", 2), ("b", 1)]


@pytest.mark.parametrize(
    ("by", "period"), [("sold", None), ("Sold", None), (["a", "a"], None), ("period", "month")]
)
def test_keys_that_would_stand_twice_are_refused(by: Any, period: Any) -> None:
    with pytest.raises(ParameterError, match=r"sales: .* would stand twice"):
        break_down("sales", by=by, period=period, at="came", result=("sold",))


def test_periods_are_days_or_months() -> None:
    assert break_down("sales", by="period", period="day", at="at", result=()).grain is Grain.DAY
    with pytest.raises(ParameterError, match="Choose from: day, month"):
        break_down("sales", by=None, period="year", at="at", result=())


def test_names_of_rows_and_columns() -> None:
    opened = open_frame(pl.DataFrame(COLUMNS), table="sales")
    assert row_names(opened, "sale_id", "shop", "came") == ["shop"]
    assert column_names(["a", "b"]) == ("a", "b")

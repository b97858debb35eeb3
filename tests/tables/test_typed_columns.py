"""Columns as their contract has them, on every engine."""

from __future__ import annotations

from datetime import UTC, date, datetime

import narwhals.stable.v2 as nw
import polars as pl
import pytest
from tests.conftest import Backend

from telcrm.errors import ColumnTypeError
from telcrm.tables import Column, ColumnType
from telcrm.tables.door import open_frame
from telcrm.tables.typed_columns import (
    day_literal,
    flag,
    nothing,
    start_of_day,
    typed_column,
)


def column(name: str, kind: ColumnType) -> Column:
    return Column(name, kind, required=True, nullable=True)


@pytest.mark.parametrize("kind", ColumnType)
def test_nothing_has_the_type_of_the_kind(distinct_backend: Backend, kind: ColumnType) -> None:
    frame = distinct_backend.frame({"key": ["a", None], "beside": [1, 2]})
    opened = open_frame(frame, table="t")
    made = opened.rows.with_columns(made=nothing(opened, "key", kind))
    assert made.select(~nw.col("made").is_null()).collect()["made"].sum() == 0
    # It is of a type that what is there can be put beside.
    told = {
        ColumnType.TEXT: nw.lit("x"),
        ColumnType.INTEGER: nw.lit(1),
        ColumnType.NUMBER: nw.lit(1.5),
        ColumnType.BOOLEAN: nw.lit(True),
    }.get(kind, day_literal(opened, date(2024, 2, 29)))
    filled = made.with_columns(told=told).select(
        both=nw.when(nw.col("made").is_null()).then(nw.col("told")).otherwise(nw.col("made"))
    )
    assert filled.collect()["both"].is_null().sum() == 0


def test_flags_take_null_for_no(distinct_backend: Backend) -> None:
    frame = distinct_backend.frame({"key": [1, 2, 3], "x": [1.0, None, -1.0]})
    rows = open_frame(frame, table="t").rows.select("key", is_up=flag(nw.col("x") > 0))
    assert rows.sort("key").collect()["is_up"].to_list() == [1, 0, 0]


def test_text_is_text_and_days_are_days(distinct_backend: Backend) -> None:
    days = [date(2024, 1, 31), None]
    frame = distinct_backend.frame({"who": ["a", "b"], "on": days})
    opened = open_frame(frame, table="t")
    on = typed_column(opened, column("on", ColumnType.DAY))
    rows = opened.rows.select(
        who=typed_column(opened, column("who", ColumnType.TEXT)),
        is_it=flag(on == day_literal(opened, date(2024, 1, 31))),
    )
    assert rows.collect_schema()["who"] == nw.String
    assert sorted(rows.collect()["is_it"].to_list()) == [0, 1]


def test_a_column_without_a_value_takes_the_type_of_its_contract() -> None:
    opened = open_frame(pl.DataFrame({"on": pl.Series([None, None])}), table="t")
    rows = opened.rows.select(on=typed_column(opened, column("on", ColumnType.DAY)))
    assert rows.collect_schema()["on"] == nw.Date


def test_a_day_stands_for_an_instant() -> None:
    opened = open_frame(pl.DataFrame({"at": [date(2024, 1, 1)]}), table="t")
    rows = opened.rows.select(at=typed_column(opened, column("at", ColumnType.INSTANT)))
    assert rows.collect_schema()["at"] == nw.Date


def test_values_of_another_kind_are_refused() -> None:
    opened = open_frame(pl.DataFrame({"on": ["2024-01-01"]}), table="usage")
    with pytest.raises(ColumnTypeError, match=r"usage: column 'on' holds String.*Cast it") as told:
        typed_column(opened, column("on", ColumnType.DAY))
    assert told.value.context["column"] == "on"


def test_a_day_starts_by_the_clock_of_the_column() -> None:
    at = pl.Series(
        [datetime(2024, 6, 30, 14, 59, tzinfo=UTC), datetime(2024, 6, 30, 15, tzinfo=UTC)]
    )
    for values, expected in (
        (at, [False, False]),
        (at.dt.convert_time_zone("Asia/Tokyo"), [False, True]),
        (at.dt.date(), [False, False]),
    ):
        rows = open_frame(pl.DataFrame({"at": values}), table="t").rows
        start = start_of_day(rows.collect_schema()["at"], date(2024, 7, 1))
        assert rows.select(it=nw.col("at") >= start).collect()["it"].to_list() == expected

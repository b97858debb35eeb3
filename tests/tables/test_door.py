"""What comes in as one kind of frame goes out as the same kind, and all else is refused."""

from __future__ import annotations

import importlib.util
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pytest

from telcrm.errors import (
    ColumnTypeError,
    MissingColumnsError,
    MissingExtraError,
    UnsupportedFrameError,
)
from telcrm.tables import door
from telcrm.tables.door import ColumnKind, open_frame, require_columns, require_kinds

COLUMNS: dict[str, list[Any]] = {"customer_id": ["a", "b", "c"], "revenue": [1.0, 2.0, 3.0]}


def test_every_frame_goes_out_as_it_came_in(backend: Any) -> None:
    opened = open_frame(backend.frame(COLUMNS), table="customers")
    assert isinstance(opened.rows, nw.LazyFrame)
    closed = opened.close(opened.rows.filter(nw.col("revenue") > 1.5).sort("customer_id"))
    assert backend.is_own(closed)
    assert backend.rows(closed) == [
        {"customer_id": "b", "revenue": 2.0},
        {"customer_id": "c", "revenue": 3.0},
    ]


def test_pandas_rows_are_numbered_from_zero_and_arrow_types_stay() -> None:
    frame = pd.DataFrame(COLUMNS).convert_dtypes(dtype_backend="pyarrow")
    opened = open_frame(frame, table="customers")
    closed = opened.close(opened.rows.filter(nw.col("revenue") > 1.5).with_columns(n=nw.lit(1)))
    assert list(closed.index) == [0, 1]
    assert all(isinstance(dtype, pd.ArrowDtype) for dtype in closed.dtypes)


def test_arrow_passes_through_duckdb_where_polars_is_missing(monkeypatch: Any) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(door, "find_spec", lambda name: None if name == "polars" else real(name))
    table = pl.DataFrame(COLUMNS).to_arrow()
    opened = open_frame(table, table="customers")
    assert opened.implementation is nw.Implementation.DUCKDB
    closed = opened.close(opened.rows.sort("customer_id"))
    assert closed.to_pydict() == COLUMNS


def test_arrow_without_an_engine_names_the_extra(monkeypatch: Any) -> None:
    monkeypatch.setattr(door, "find_spec", lambda _: None)
    table = pl.DataFrame(COLUMNS).to_arrow()
    with pytest.raises(MissingExtraError, match=r'pip install "telcrm\[polars\]"'):
        open_frame(table, table="customers")


@pytest.mark.parametrize("thing", [None, "customers.csv", [1], pl.Series([1])])
def test_what_is_no_frame_is_refused(thing: Any) -> None:
    with pytest.raises(UnsupportedFrameError, match="is no dataframe"):
        open_frame(thing, table="customers")


def test_an_engine_that_is_not_tested_is_refused(monkeypatch: Any) -> None:
    monkeypatch.setattr(door, "_REACHED", set())
    with pytest.raises(UnsupportedFrameError, match="frames are not supported"):
        open_frame(pl.DataFrame(COLUMNS), table="customers")


def test_every_missing_column_is_named_with_the_nearest_that_was_found() -> None:
    opened = open_frame(pl.DataFrame(COLUMNS), table="customers")
    with pytest.raises(MissingColumnsError) as raised:
        require_columns(opened, {"customer": "customer", "by": ["segment", "customer_id"]})
    assert raised.value.context["missing"] == ["customer", "segment"]
    assert 'customer="customer_id", by=<your column>' in str(raised.value)


@pytest.mark.parametrize(
    ("kind", "fits"),
    [
        (ColumnKind.KEY, {"text", "whole", "day", "moment"}),
        (ColumnKind.NUMBER, {"whole", "real", "exact"}),
        (ColumnKind.DATE, {"day", "moment"}),
    ],
)
def test_a_column_fits_the_kinds_of_its_type_and_no_other(kind: ColumnKind, fits: set[str]) -> None:
    types: dict[str, Any] = {
        "text": pl.String,
        "whole": pl.Int32,
        "real": pl.Float64,
        "exact": pl.Decimal(10, 2),
        "day": pl.Date,
        "moment": pl.Datetime("ms", "UTC"),
        "nested": pl.List(pl.Int8),
    }
    opened = open_frame(pl.DataFrame(schema=types), table="any")
    for name in types:
        if name in fits:
            require_kinds(opened, {name: kind})
        else:
            with pytest.raises(ColumnTypeError, match=f"column '{name}'"):
                require_kinds(opened, {name: kind})


def test_a_pandas_period_is_told_how_to_become_a_date() -> None:
    months = pd.DataFrame({"period": pd.period_range("2025-01", periods=2, freq="M")})
    opened = open_frame(months, table="subscriber_months")
    with pytest.raises(ColumnTypeError, match=r"\.dt\.to_timestamp\(\)"):
        require_kinds(opened, {"period": ColumnKind.DATE})


def test_what_is_computed_is_the_same_rows_on_the_same_engine(backend: Any) -> None:
    opened = open_frame(backend.frame(COLUMNS), table="t")
    counted = opened.rows.group_by("customer_id").agg(nw.len().alias("rows"))
    kept = opened.computed(counted.with_columns(nw.col("rows").cast(nw.Int64)))
    assert kept.implementation is opened.implementation
    told = backend.rows(kept.to_native())
    assert {row["customer_id"]: row["rows"] for row in told} == {"a": 1, "b": 1, "c": 1}
    # It meets the rows it was computed from.
    joined = opened.rows.join(kept, on="customer_id").select("customer_id", "rows")
    assert len(backend.rows(joined.to_native())) == len(COLUMNS["customer_id"])


def test_a_duckdb_that_may_not_read_python_keeps_the_query() -> None:
    connection = duckdb.connect()
    connection.execute("SET python_enable_replacements = false")
    opened = open_frame(connection.sql("SELECT 1 AS a"), table="t")
    [row] = opened.computed(opened.rows).to_native().fetchall()
    assert row == (1,)

"""Arrays as tables on the caller's engine."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray
from tests.conftest import Backend, duckdb_connection

from telcrm.tables.array_table import array_table
from telcrm.tables.door import open_frame

VALUES = np.array([1.5, -0.0, 1e308, 5e-324, 0.1 + 0.2])


def rows_of(table: nw.LazyFrame[Any]) -> list[tuple[Any, ...]]:
    collected = table.collect()
    return list(collected.iter_rows())


def test_every_engine_holds_the_same_numbers(backend: Backend) -> None:
    opened = open_frame(backend.frame({"id": ["a"]}), table="t")
    table = array_table(opened, {"x": VALUES, "two words": VALUES[::-1]})
    assert isinstance(table, nw.LazyFrame)
    assert table.implementation is opened.implementation
    assert table.collect_schema() == {"x": nw.Float64(), "two words": nw.Float64()}
    assert rows_of(table) == list(zip(VALUES.tolist(), VALUES[::-1].tolist(), strict=True))


def test_it_can_be_joined_to_the_rows(backend: Backend) -> None:
    opened = open_frame(backend.frame({"id": ["a", "b", "c"], "x": [0.5, 0.25, 0.5]}), table="t")
    table = array_table(opened, {"x": np.array([0.25, 0.5]), "y": np.array([10.0, 20.0])})
    joined = opened.rows.join(table, on="x", how="left").sort("id").select("id", "y")
    assert rows_of(joined) == [("a", 20.0), ("b", 10.0), ("c", 20.0)]


def test_no_rows_are_a_table_too(distinct_backend: Backend) -> None:
    opened = open_frame(distinct_backend.frame({"id": ["a"]}), table="t")
    none: NDArray[np.float64] = np.empty(0)
    table = array_table(opened, {"x": none})
    assert table.collect_schema() == {"x": nw.Float64()}
    assert rows_of(table) == []


def test_several_tables_live_side_by_side(distinct_backend: Backend) -> None:
    opened = open_frame(distinct_backend.frame({"id": ["a"]}), table="t")
    first = array_table(opened, {"x": np.array([1.0])})
    second = array_table(opened, {"x": np.array([2.0])})
    assert (rows_of(first), rows_of(second)) == ([(1.0,)], [(2.0,)])


def test_a_connection_that_does_not_look_into_python_gets_them_written_out() -> None:
    connection = duckdb_connection()
    connection.execute("SET python_enable_replacements = false")
    try:
        opened = open_frame(connection.sql("SELECT 'a' AS id"), table="t")
        assert rows_of(array_table(opened, {"x": VALUES})) == [(one,) for one in VALUES.tolist()]
    finally:
        connection.execute("SET python_enable_replacements = true")


def test_many_rows_pass(distinct_backend: Backend) -> None:
    opened = open_frame(distinct_backend.frame({"id": ["a"]}), table="t")
    many = np.arange(50_000.0)
    table = array_table(opened, {"x": many})
    total = table.select(nw.col("x").sum()).collect()
    assert total.rows() == [(many.sum(),)]

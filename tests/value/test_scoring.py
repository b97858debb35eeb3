"""Scoring a frame of any engine with functions of arrays."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import Backend

from telcrm.errors import ParameterError
from telcrm.tables.door import open_frame
from telcrm.value.scoring import Arrays, in_memory, refuse_taken, score

COLUMNS: dict[str, list[Any]] = {
    "id": ["d", "a", "c", "b", "e"],
    "x": [1, 3, 1, 2, 3],
    "y": [0.5, 0.25, 0.5, -1.5, 0.25],
    "note": ["one", None, "three", "four", "five"],
}
EXPECTED = {"d": 1.5, "a": 3.25, "c": 1.5, "b": 0.5, "e": 3.25}


def added(arrays: Arrays) -> Arrays:
    assert all(values.dtype == np.float64 for values in arrays.values())
    return {"sum": arrays["x"] + arrays["y"], "x twice": 2.0 * arrays["x"]}


def test_every_engine_adds_the_columns_and_keeps_its_own(distinct_backend: Backend) -> None:
    opened = open_frame(distinct_backend.frame(COLUMNS), table="t")
    found = score(opened, ["x", "y"], added)
    assert distinct_backend.is_own(found)
    schema = nw.from_native(found).collect_schema()
    assert schema.names() == ["id", "x", "y", "note", "sum", "x twice"]
    assert schema["sum"] == schema["x twice"] == nw.Float64
    rows = {row["id"]: row for row in distinct_backend.rows(found)}
    assert {key: row["sum"] for key, row in rows.items()} == EXPECTED
    for at, key in enumerate(COLUMNS["id"]):
        for name, values in COLUMNS.items():
            assert rows[key][name] == values[at]


@pytest.mark.parametrize("distinct", [True, False])
def test_expressions_are_scored_too(distinct: bool, distinct_backend: Backend) -> None:
    opened = open_frame(distinct_backend.frame(COLUMNS), table="t")
    columns = {"x": nw.col("x") * 10, "y": nw.when(nw.col("x") > 1).then(nw.lit(1.0)).otherwise(2)}
    found = distinct_backend.rows(score(opened, columns, added, distinct=distinct))
    assert {row["id"]: row["sum"] for row in found} == {
        "d": 12.0,
        "a": 31.0,
        "c": 12.0,
        "b": 21.0,
        "e": 31.0,
    }


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_frames_in_memory_keep_the_order_of_their_rows(kind: str) -> None:
    polars = pl.DataFrame(COLUMNS)
    frame: Any = {"pandas": polars.to_pandas(), "polars": polars, "pyarrow": polars.to_arrow()}[
        kind
    ]
    found = nw.from_native(score(open_frame(frame, table="t"), ["x", "y"], added))
    assert found["id"].to_list() == COLUMNS["id"]
    assert found["sum"].to_list() == [EXPECTED[key] for key in COLUMNS["id"]]


def test_equal_rows_are_computed_once(distinct_backend: Backend) -> None:
    sizes = []

    def counted(arrays: Arrays) -> Arrays:
        sizes.append(arrays["x"].size)
        return added(arrays)

    opened = open_frame(distinct_backend.frame(COLUMNS), table="t")
    distinct_backend.rows(score(opened, ["x", "y"], counted))
    assert sizes == [3]


@given(
    values=st.lists(
        st.tuples(st.sampled_from([0.0, -0.0, 1.0, 0.1]), st.sampled_from([2.0, 3.0])), max_size=20
    )
)
def test_computing_equal_rows_once_changes_no_answer(values: list[tuple[float, float]]) -> None:
    frame = pl.DataFrame(values, schema={"x": pl.Float64, "y": pl.Float64}, orient="row")
    once, each = (
        score(open_frame(frame, table="t"), ["x", "y"], added, distinct=distinct)
        for distinct in (True, False)
    )
    assert once.equals(each)


def test_lazy_stays_lazy() -> None:
    opened = open_frame(pl.LazyFrame(COLUMNS), table="t")
    assert isinstance(score(opened, ["x", "y"], added), pl.LazyFrame)


def test_zero_below_zero_meets_its_answer(distinct_backend: Backend) -> None:
    columns: dict[str, list[Any]] = {"id": [1, 2, 3], "x": [0.0, -0.0, 1.0], "y": [-0.0, 0.0, 1.0]}
    opened = open_frame(distinct_backend.frame(columns), table="t")
    rows = distinct_backend.rows(score(opened, ["x", "y"], added))
    assert sorted((row["id"], row["sum"]) for row in rows) == [(1, 0.0), (2, 0.0), (3, 2.0)]


def test_numbers_that_print_alike_are_told_apart(distinct_backend: Backend) -> None:
    columns: dict[str, list[Any]] = {"id": [1, 2], "x": [0.3, 0.1 + 0.2], "y": [5e-324, 1e300]}
    opened = open_frame(distinct_backend.frame(columns), table="t")
    rows = {row["id"]: row for row in distinct_backend.rows(score(opened, ["x", "y"], added))}
    assert rows[1]["x twice"] == 0.6
    assert rows[2]["x twice"] == 2 * (0.1 + 0.2)


def test_no_rows_are_scored_as_none(distinct_backend: Backend) -> None:
    whole = distinct_backend.frame(COLUMNS)
    none = nw.from_native(whole).filter(nw.col("x") > 9).to_native()
    found = score(open_frame(none, table="t"), ["x", "y"], added)
    assert distinct_backend.rows(found) == []
    assert nw.from_native(found).collect_schema()["sum"] == nw.Float64


def test_a_pandas_index_is_renumbered_like_everywhere() -> None:
    frame = pd.DataFrame(COLUMNS, index=[7, 7, 3, 1, 0])
    found = score(open_frame(frame, table="t"), ["x", "y"], added)
    assert found["sum"].tolist() == [EXPECTED[key] for key in COLUMNS["id"]]
    assert frame.columns.tolist() == list(COLUMNS)


def test_names_of_results_are_refused_where_they_are_taken() -> None:
    opened = open_frame(pl.DataFrame(COLUMNS), table="customers")
    refuse_taken(opened, "sum", "z")
    # DuckDB and Spark do not tell capitals from small letters.
    with pytest.raises(ParameterError, match="customers already has a column 'NOTE', 'x'") as found:
        refuse_taken(opened, "NOTE", "sum", "x")
    assert found.value.context["columns"] == ["NOTE", "x"]


def test_columns_in_memory_are_arrays_where_they_are_in_memory(distinct_backend: Backend) -> None:
    opened = open_frame(distinct_backend.frame(COLUMNS), table="t")
    held = in_memory(opened, ["x", "y"])
    if distinct_backend.name in {"polars_lazy", "duckdb"}:
        assert held is None
    else:
        assert held is not None
        assert held["x"].tolist() == [1.0, 3.0, 1.0, 2.0, 3.0]
        assert held["x"].dtype == held["y"].dtype == np.float64


def test_a_null_is_not_a_number() -> None:
    for frame in (pl.DataFrame({"x": [1, None]}), pd.DataFrame({"x": [1, None]}).convert_dtypes()):
        held = in_memory(open_frame(frame, table="t"), ["x"])
        assert held is not None
        assert np.isnan(held["x"]).tolist() == [False, True]

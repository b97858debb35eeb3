"""Counting features: one answer on every engine, and drift of types told from drift of values."""

from __future__ import annotations

from typing import Any

import pandas as pd
import polars as pl
import pytest
from tests.conftest import Backend

from telcrm.churn.monitoring.monitored_table import FeatureKind, MonitoredTable
from telcrm.errors import SchemaDriftError

COLUMNS: dict[str, list[Any]] = {"x": [1.0, float("nan"), 3.0, 3.0], "k": ["a", "b", "a", None]}


def test_rows_nulls_and_ends_are_told_at_once(distinct_backend: Backend) -> None:
    table = MonitoredTable.of(distinct_backend.frame(COLUMNS), None)
    assert (table.rows, table.missing, table.ranges) == (4, {"x": 1, "k": 1}, {"x": (1.0, 3.0)})
    assert table.bin_counts({"x": [1.0, 2.0]}) == {"x": (1, 0, 2)}
    assert table.level_counts("k") == {"a": 2, "b": 1}
    assert table.level_counts("k", levels=["b", "z"]) == {"b": 1}
    assert table.level_counts("k", least=2.0) == {"a": 2}


def test_objects_of_pandas_are_read_as_what_they_hold() -> None:
    frame = pd.DataFrame({"flag": pd.Series([True, None], dtype=object), "t": ["a", "b"]})
    assert MonitoredTable.of(frame, None).kinds == {
        "flag": FeatureKind.CATEGORICAL,
        "t": FeatureKind.CATEGORICAL,
    }


def test_a_column_without_any_value_is_of_every_kind(distinct_backend: Backend) -> None:
    frame = distinct_backend.frame({"x": [None, None], "k": ["a", "b"]})
    table = MonitoredTable.like(frame, {"x": FeatureKind.NUMERIC, "k": FeatureKind.CATEGORICAL})
    assert table.missing == {"x": 2, "k": 0}
    text = MonitoredTable.like(frame, {"x": FeatureKind.CATEGORICAL})
    assert text.level_counts("x") == {}


def test_columns_of_another_kind_are_named() -> None:
    frame = pl.DataFrame({"x": ["1"], "k": [1]})
    with pytest.raises(SchemaDriftError, match=r"'x' was numeric.*'k' was categorical"):
        MonitoredTable.like(frame, {"x": FeatureKind.NUMERIC, "k": FeatureKind.CATEGORICAL})

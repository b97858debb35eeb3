"""A second table is of the engine of the first, and its keys of the same type."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from telcrm.errors import ColumnTypeError, InvalidTableError, UnsupportedFrameError
from telcrm.tables.door import open_frame
from telcrm.tables.second_table import known_keys, open_beside, same_type

MONTHS = {"customer_id": ["a", "a", "b"], "revenue": [1.0, 2.0, 3.0]}
KNOWN = {"customer_id": ["b", "c", "b"]}


def test_keys_come_once_on_every_engine(quick_backend: Any) -> None:
    months, customers = quick_backend.frames(MONTHS, KNOWN)
    opened = open_frame(months, table="months")
    keys = known_keys(opened, customers, "customer_id", table="customers")
    rows = quick_backend.rows(keys.to_native())
    assert sorted(row["_customer"] for row in rows) == ["b", "c"]


def test_tables_of_two_engines_are_refused() -> None:
    opened = open_frame(pl.DataFrame(MONTHS), table="months")
    words = "months is a frame of polars, customers of pandas"
    with pytest.raises(UnsupportedFrameError, match=words):
        open_beside(opened, pl.DataFrame(KNOWN).to_pandas(), table="customers")
    # Eager and lazy are one engine.
    assert open_beside(opened, pl.LazyFrame(KNOWN), table="customers").table == "customers"


def test_keys_of_another_type_are_refused_and_categories_are_text() -> None:
    opened = open_frame(pl.DataFrame(MONTHS), table="months")
    numbers = open_beside(opened, pl.DataFrame({"customer_id": [1, 2]}), table="customers")
    with pytest.raises(ColumnTypeError, match="customers: column 'customer_id' holds Int64"):
        same_type(opened, numbers, "customer_id")
    categories = pl.DataFrame(KNOWN).with_columns(pl.col("customer_id").cast(pl.Categorical))
    same_type(opened, open_beside(opened, categories, table="customers"), "customer_id")


def test_a_key_that_is_null_is_refused() -> None:
    opened = open_frame(pl.DataFrame(MONTHS), table="months")
    unknown = pl.DataFrame({"customer_id": ["a", None]})
    with pytest.raises(InvalidTableError, match="customers: 'customer_id' is null in 1 row"):
        known_keys(opened, unknown, "customer_id", table="customers")

"""Small tables on the caller's engine: values, types, names that need quotes, no rows."""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals.stable.v2 as nw
import pytest

from telcrm.kpi.small_table import small_table
from telcrm.tables.door import open_frame

DAYS = [date(1, 1, 1), date(2024, 2, 29)]


def test_every_engine_holds_the_same_values_and_joins_its_rows(backend: Any) -> None:
    opened = open_frame(backend.frame({"id": [7, 8, 8]}), table="t")
    days = [date(1999, 12, 31), date(2024, 2, 29)]
    made = small_table(opened, {"number": [7, -(2**40)]}, {"day": days})
    joined = opened.rows.join(made, how="inner", left_on="id", right_on="number").select(
        "id", "day"
    )
    assert backend.rows(joined.to_native()) == [{"id": 7, "day": days[0]}]
    assert backend.rows(made.select("number").to_native())[1] == {"number": -(2**40)}
    assert made.collect_schema()["number"] == nw.Int64


def test_without_rows_the_types_are_there(quick_backend: Any) -> None:
    opened = open_frame(quick_backend.frame({"id": [7]}), table="t")
    made = small_table(opened, {"number": range(0)}, {"day": []})
    assert made.collect().shape == (0, 2)
    schema = made.collect_schema()
    assert schema["number"] == nw.Int64
    assert isinstance(schema["day"], nw.Date | nw.Datetime)


@pytest.mark.parametrize("name", ['a"b', "two words", "select", "Grün"])
def test_any_name_will_do(quick_backend: Any, name: str) -> None:
    opened = open_frame(quick_backend.frame({"id": [7]}), table="t")
    made = small_table(opened, {name: [1]}, {f"{name} day": DAYS[1:]})
    assert quick_backend.rows(made.to_native()) == [{name: 1, f"{name} day": DAYS[1]}]

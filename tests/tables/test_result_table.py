"""Small tables on the caller's engine: values, nulls, types, names that need quotes, no rows."""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals.stable.v2 as nw
import pytest

from telcrm.tables.door import open_frame
from telcrm.tables.result_table import ResultColumn, result_table

DAYS = [date(1, 1, 1), date(2024, 2, 29)]


def test_every_engine_holds_the_same_values_and_joins_its_rows(backend: Any) -> None:
    opened = open_frame(backend.frame({"id": [7, 8, 8]}), table="t")
    columns = {
        "number": ResultColumn(int, [7, -(2**40)]),
        "day": ResultColumn(date, [date(1999, 12, 31), None]),
        "share": ResultColumn(float, [None, 0.1]),
        "name": ResultColumn(str, ["it's", None]),
        "flag": ResultColumn(bool, [True, None]),
    }
    made = result_table(opened, columns)
    rows = backend.rows(made.sort("number", descending=True).to_native())
    assert rows == [
        {name: column.values[at] for name, column in columns.items()} for at in range(2)
    ]
    assert made.collect_schema()["number"] == nw.Int64
    joined = opened.rows.join(made, how="inner", left_on="id", right_on="number")
    assert backend.rows(joined.select("id", "name").to_native()) == [{"id": 7, "name": "it's"}]


def test_without_rows_the_types_are_there(quick_backend: Any) -> None:
    opened = open_frame(quick_backend.frame({"id": [7]}), table="t")
    kinds: list[type] = [int, float, bool, str, date]
    made = result_table(opened, {kind.__name__: ResultColumn(kind, []) for kind in kinds})
    assert made.collect().shape == (0, 5)
    schema = made.collect_schema()
    for name, kind in {"int": nw.Int64, "float": nw.Float64, "str": nw.String}.items():
        assert schema[name] == kind
    assert isinstance(schema["date"], nw.Date | nw.Datetime)
    assert schema["bool"] == nw.Boolean


@pytest.mark.parametrize("name", ['a"b', "two words", "select", "Grün", "a`b"])
def test_any_name_will_do(quick_backend: Any, name: str) -> None:
    opened = open_frame(quick_backend.frame({"id": [7]}), table="t")
    columns = {name: ResultColumn(int, [1]), f"{name} day": ResultColumn(date, DAYS[1:])}
    made = result_table(opened, columns)
    assert quick_backend.rows(made.to_native()) == [{name: 1, f"{name} day": DAYS[1]}]

"""Costs and zeros of customers."""

from __future__ import annotations

import polars as pl

from telcrm.tables.door import open_frame
from telcrm.value.current.amounts import cost_checks


def test_whole_numbers_need_no_check() -> None:
    opened = open_frame(pl.DataFrame({"a": [1], "b": [1.0]}), table="t")
    assert [check.column for check in cost_checks(opened, ["a", "b"])] == ["b"]

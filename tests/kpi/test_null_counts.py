"""Counts with nulls are whole numbers on every engine."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.kpi.null_counts import keep_whole
from telcrm.tables.door import open_frame


def test_counts_with_nulls_stay_whole_numbers(backend: Any) -> None:
    opened = open_frame(backend.frame({"n": [1, 2]}), table="t")
    told = opened.rows.select(n=nw.when(nw.col("n") > 1).then(nw.col("n")))
    kept = opened.close(keep_whole(told, ["n"]))
    assert nw.from_native(kept).collect_schema()["n"] == nw.Int64
    assert sorted(backend.rows(kept), key=str) == [{"n": 2}, {"n": None}]

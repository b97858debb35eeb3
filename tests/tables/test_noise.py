"""Sums of the same amounts are equal, whatever the order and whatever the engine."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
from hypothesis import given
from hypothesis import strategies as st

from telcrm.tables.door import open_frame
from telcrm.tables.noise import denoise

NOISY = [2.7399999999999998, 0.1 + 0.2, 7 * 0.1, -1.5, 0.0, 2.74]
CLEAN = [2.74, 0.3, 0.7, -1.5, 0.0, 2.74]


def test_every_engine_cleans_alike(backend: Any) -> None:
    columns = {"at": list(range(len(NOISY))), "amount": NOISY}
    rows = open_frame(backend.frame(columns), table="any").rows
    cleaned = rows.select("at", denoise(nw.col("amount"))).sort("at")
    assert [row["amount"] for row in backend.rows(cleaned)] == CLEAN


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1), st.randoms(use_true_random=False))
def test_sums_of_cents_do_not_depend_on_order(cents: list[int], order: Any) -> None:
    amounts = [cent / 100 for cent in cents]
    forward = sum(amounts)
    order.shuffle(amounts)
    frame = nw.from_dict({"sum": [forward, sum(amounts)]}, backend="polars")
    cleaned = frame.select(denoise(nw.col("sum")))["sum"].to_list()
    assert cleaned == [sum(cents) / 100] * 2

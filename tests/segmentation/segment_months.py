"""Assignments over months, some of which are missing for everyone."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

import polars as pl
from hypothesis import strategies as st

Rows = dict[tuple[str, int], str | None]
SCHEMA = {"customer_id": pl.String, "period": pl.Date, "segment": pl.String}
MONTHS = (0, 1, 2, 5, 6)
assignments = st.dictionaries(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from(MONTHS)),
    st.sampled_from([None, "mass", "premium", "youth"]),
    max_size=24,
)


def month(index: int) -> date:
    return date(2023 + (index + 10) // 12, (index + 10) % 12 + 1, 1)


def columns_of(rows: Rows) -> dict[str, list[Any]]:
    return {
        "customer_id": [who for who, _ in rows],
        "period": [month(at) for _, at in rows],
        "segment": list(rows.values()),
    }


def frame_of(rows: Rows) -> pl.DataFrame:
    return pl.DataFrame(columns_of(rows), schema=SCHEMA)


def some_months() -> Rows:
    random = Random(11)  # noqa: S311 (a fixture, not a secret)
    labels = [None, "mass", "mass", "premium", "youth"]
    return {
        (f"C-{who:02}", at): random.choice(labels)
        for who in range(30)
        for at in MONTHS
        if random.random() < 0.7
    }

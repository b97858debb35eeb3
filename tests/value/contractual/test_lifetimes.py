"""Lifetimes as counts: alike on every engine, and refused when they cannot be."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from telcrm.errors import ColumnTypeError, InvalidTableError, MissingColumnsError
from telcrm.value.contractual.lifetimes import Lifetimes, count_lifetimes

ROWS = {
    "age": [3, 1, 3, 3, 5],
    "lost": [True, True, True, False, False],
    "weight": [2.0, 1.0, 0.5, 4.0, 0.0],
    "entered": [0, 0, 0, 2, 1],
}


def count(frame: Any, **columns: Any) -> Lifetimes:
    names = {"age": "age", "lost": "lost", "customers": None, "entered": None}
    return count_lifetimes(frame, **{**names, **columns})


def test_equal_lifetimes_are_counted_on_every_engine(distinct_backend: Any) -> None:
    found = count(distinct_backend.frame(ROWS), customers="weight", entered="entered")
    assert counted(found) == {(1, 1, 0): 1.0, (3, 1, 0): 2.5, (3, 0, 2): 4.0}
    assert found.lost == 3.5
    assert found.exposure == 1.0 + 3 * 2.5 + 4.0
    single = count(distinct_backend.frame(ROWS))
    assert counted(single) == {(3, 0, 0): 1.0, (5, 0, 0): 1.0, (1, 1, 0): 1.0, (3, 1, 0): 2.0}


def counted(lifetimes: Lifetimes) -> dict[tuple[float, ...], float]:
    rows = [tuple(row) for row in lifetimes.columns.T.tolist()]
    assert len(set(rows)) == len(rows)
    return dict(zip(rows, lifetimes.customers.tolist(), strict=True))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"age": [0, 1, 3, 3, 5]}, "before a first period began"),
        ({"entered": [0, 1, 0, 2, 1]}, "before a first period began"),
        ({"entered": [0, 0, 0, 2, 6]}, "before a first period began"),
        ({"entered": [0, 0, 0, 2, -1]}, "is negative"),
        ({"entered": [0, 0, 0, 2, 0.5]}, "is no whole number"),
        ({"weight": [1, 1, 1, 1, -1]}, "is negative"),
        ({"weight": [1, 1, 1, 1, None]}, "is null"),
        ({"lost": [1, 1, 1, 0, 0.5]}, "is neither 0 nor 1"),
        ({"lost": [1, 1, 1, 0, None]}, "is null"),
    ],
)
def test_impossible_lifetimes_are_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidTableError, match=words):
        count(pl.DataFrame({**ROWS, **change}, strict=False), customers="weight", entered="entered")


def test_wrong_columns_are_refused() -> None:
    frame = pl.DataFrame({**ROWS, "name": ["a"] * 5})
    with pytest.raises(MissingColumnsError, match="lacks 'since'"):
        count(frame, entered="since")
    with pytest.raises(ColumnTypeError, match="'name' holds String"):
        count(frame, lost="name")
    with pytest.raises(ColumnTypeError, match="'lost' holds Boolean"):
        count(frame, age="lost")

"""Tables of survivors: the same customers as lifetimes, and tables that cannot be."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.errors import ColumnTypeError, InvalidTableError, MissingColumnsError, ParameterError
from telcrm.value.contractual.cohort_survivors import cohort_survivors

TWO = {
    "cohort": ["b", "a", "a", "b", "a"],
    "period": [1, 0, 2, 0, 1],
    "survivors": [40, 100, 70, 50, 80],
}


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12), st.randoms())
@settings(max_examples=10)
def test_every_customer_has_a_lifetime(losses: list[int], chance: Any) -> None:
    left = [sum(losses[at:]) for at in range(len(losses))]
    rows = list(enumerate(left))
    chance.shuffle(rows)
    table = pl.DataFrame(rows, ["period", "survivors"], orient="row")
    found = cohort_survivors(table)
    assert found["customers"].sum() == left[0]
    lost = found.filter("lost").sort("age")["customers"].to_list()
    assert lost == [float(number) for number in losses[: len(lost)]]
    there = found.filter(~pl.col("lost"))
    assert there.rows() == [(len(left) - 1, False, float(left[-1]))]


def test_cohorts_on_every_engine(distinct_backend: Any) -> None:
    found = cohort_survivors(distinct_backend.frame(TWO), cohort="cohort")
    assert distinct_backend.is_own(found)
    assert [tuple(row.values()) for row in distinct_backend.rows(found)] == [
        ("a", 1, True, 20.0),
        ("a", 2, False, 70.0),
        ("a", 2, True, 10.0),
        ("b", 1, False, 40.0),
        ("b", 1, True, 10.0),
    ]


@pytest.mark.parametrize(
    ("period", "survivors", "words"),
    [
        ([1, 2], [10, 9], "is the first of its cohort and is not 0"),
        ([0, 2], [10, 9], "does not follow the period before by one"),
        ([0, 1, 1], [10, 9, 8], "does not follow the period before by one"),
        ([0, 0.5], [10, 9], "does not follow the period before by one"),
        ([0, 1], [10, 11], "is above that of the period before"),
        ([0, 1], [10, -1], "is negative"),
        ([0, 1], [10, None], "is null"),
        ([0, None], [10, 9], "is null"),
        ([0, 1], [float("inf"), 1.0], "is not a finite number"),
    ],
)
def test_a_table_that_cannot_be_is_refused(period: Any, survivors: Any, words: str) -> None:
    with pytest.raises(InvalidTableError, match=words):
        cohort_survivors(pl.DataFrame({"period": period, "survivors": survivors}, strict=False))


def test_cohorts_that_are_not_named_look_like_a_period_that_comes_twice() -> None:
    with pytest.raises(InvalidTableError, match="name the cohorts with cohort="):
        cohort_survivors(pl.DataFrame(TWO))


def test_wrong_columns_are_refused() -> None:
    table = pl.DataFrame({"period": [0], "survivors": [1], "Age": ["a"]})
    with pytest.raises(ParameterError, match="'Age' would stand twice"):
        cohort_survivors(table, cohort="Age")
    with pytest.raises(MissingColumnsError, match="lacks 'year'"):
        cohort_survivors(table, period="year")
    with pytest.raises(ColumnTypeError, match="'Age' holds String"):
        cohort_survivors(table, survivors="Age")

"""Columns of outcomes: numbers and flags, and what is neither."""

from __future__ import annotations

import polars as pl
import pytest
from tests.conftest import Backend

from telcrm.churn.monitoring.outcome_column import outcome_column
from telcrm.errors import ColumnTypeError
from telcrm.tables.door import open_frame
from telcrm.tables.row_checks import tally


def test_flags_and_numbers_say_the_same(distinct_backend: Backend) -> None:
    for values in ([1, 0, 1], [True, False, True]):
        opened = open_frame(distinct_backend.frame({"churned": values}), table="t")
        left, rules = outcome_column(opened, "churned")
        told = opened.rows.select(_left=left).collect()["_left"].to_list()
        assert [int(each) for each in told] == [1, 0, 1]
        assert tally(opened.rows, rules).counts == (0, 0)


def test_what_is_neither_breaks_a_rule() -> None:
    opened = open_frame(pl.DataFrame({"churned": [1, None, 2]}), table="t")
    assert tally(opened.rows, outcome_column(opened, "churned")[1]).counts == (1, 1)
    with pytest.raises(ColumnTypeError):
        outcome_column(open_frame(pl.DataFrame({"churned": ["1"]}), table="t"), "churned")


def test_what_is_missing_is_not_neither(distinct_backend: Backend) -> None:
    frame = distinct_backend.frame({"churned": [1.0, None, 0.0, None]})
    opened = open_frame(frame, table="t")
    assert tally(opened.rows, outcome_column(opened, "churned")[1]).counts == (2, 0)


def test_nan_that_is_no_null_is_neither() -> None:
    opened = open_frame(pl.DataFrame({"churned": [1.0, float("nan")]}), table="t")
    assert tally(opened.rows, outcome_column(opened, "churned")[1]).counts == (0, 1)

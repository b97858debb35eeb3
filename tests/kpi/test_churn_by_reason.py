"""Churn by reason: dates counted in plain Python, and every engine."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.errors import InvalidTableError, ParameterError
from telcrm.kpi import churn_by_reason

Columns = dict[str, list[Any]]

REASONS = ["port_out", "voluntary", None]


@st.composite
def lines(draw: st.DrawFn) -> Columns:
    days = st.dates(date(2023, 11, 1), date(2024, 5, 31))
    starts = draw(st.lists(st.none() | days, min_size=1, max_size=8))
    ended, reasons = [], []
    for start in starts:
        runs = draw(st.none() | st.integers(0, 120))
        gone = None if start is None or runs is None else start + timedelta(runs)
        ended.append(gone)
        reasons.append(None if gone is None else draw(st.sampled_from(REASONS)))
    modes = [draw(st.sampled_from(["prepaid", "postpaid"])) for _ in starts]
    return {
        "activated_on": starts,
        "terminated_on": ended,
        "termination_reason": reasons,
        "payment_mode": modes,
    }


def frame_of(columns: Columns) -> pl.DataFrame:
    schema = {
        "activated_on": pl.Date,
        "terminated_on": pl.Date,
        "termination_reason": pl.String,
        "payment_mode": pl.String,
    }
    return pl.DataFrame(columns, schema=schema)


def by_hand(columns: Columns) -> list[dict[str, Any]]:
    rows = [row for row in zip(*columns.values(), strict=True) if row[0] is not None]
    if not rows:
        return []
    seen = {(mode, reason or "unknown") for _, end, reason, mode in rows if end is not None}
    last = max(day for row in rows for day in row[:2] if day is not None)
    month, result = min(row[0] for row in rows).replace(day=1), []
    while month <= last:
        following = (month + timedelta(32)).replace(day=1)
        for mode, reason in sorted(seen):
            lost = sum(
                end is not None and month <= end < following and (why or "unknown") == reason
                for _, end, why, own in rows
                if own == mode
            )
            opening = sum(
                start < month and (end is None or end >= month)
                for start, end, _, own in rows
                if own == mode
            )
            rate = lost / opening if opening else None
            keys = {"period": month, "payment_mode": mode, "termination_reason": reason}
            result.append({**keys, "lost": lost, "base": float(opening), "churn_rate": rate})
        month = following
    return result


@given(lines())
@settings(max_examples=30)
def test_dates_counted_by_hand_agree(columns: Columns) -> None:
    rates = churn_by_reason(frame_of(columns), by="payment_mode")
    assert rates.to_dicts() == by_hand(columns)


@given(lines())
@settings(max_examples=15)
def test_reasons_add_up_to_all_who_left(columns: Columns) -> None:
    rates = churn_by_reason(frame_of(columns))
    gone = [end for end in columns["terminated_on"] if end is not None]
    assert rates["lost"].sum() == len(gone)
    assert rates.group_by("period").agg(pl.col("base").n_unique())["base"].max() in (None, 1)


def test_every_engine_gives_the_same_rows(backend: Any) -> None:
    columns: Columns = {
        "activated_on": [date(2024, 1, day) for day in (1, 2, 3, 4, 31)],
        "terminated_on": [date(2024, 2, 1), date(2024, 4, 30), date(2024, 2, 3), None, None],
        "termination_reason": ["port_out", "voluntary", None, None, None],
        "payment_mode": ["prepaid", "prepaid", "postpaid", "postpaid", "prepaid"],
    }
    result = churn_by_reason(backend.frame(columns), by="payment_mode")
    assert backend.is_own(result)
    assert backend.rows(result) == by_hand(columns)


@pytest.mark.parametrize(("base", "expected"), [("average", 2 / 3), ("opening_and_new", 0.5)])
def test_the_base_is_a_choice(base: str, expected: float) -> None:
    columns: Columns = {
        "activated_on": [date(2024, 1, 1), date(2024, 2, 2)],
        "terminated_on": [date(2024, 2, 20), date(2024, 4, 1)],
        "termination_reason": ["port_out", "port_out"],
        "payment_mode": ["prepaid"] * 2,
    }
    rates: Any = churn_by_reason(frame_of(columns), base=base)
    february = rates.filter(pl.col("period") == date(2024, 2, 1))
    assert february["lost"].to_list() == [1]
    assert february["churn_rate"].to_list() == [1.0 if base == "average" else 0.5]


def test_nobody_has_left_and_nobody_has_come() -> None:
    there: Columns = {
        "activated_on": [date(2024, 1, 1)],
        "terminated_on": [None],
        "termination_reason": [None],
        "payment_mode": ["prepaid"],
    }
    assert churn_by_reason(frame_of(there)).is_empty()
    assert churn_by_reason(frame_of(there).clear()).is_empty()
    assert churn_by_reason(frame_of(there | {"activated_on": [None]})).is_empty()


def test_what_cannot_be_is_refused(backend: Any) -> None:
    columns: Columns = {
        "activated_on": [date(2024, 3, 1), date(2024, 1, 1)],
        "terminated_on": [date(2024, 2, 1), date(2024, 2, 1)],
        "termination_reason": ["port_out", "port_out"],
    }
    with pytest.raises(InvalidTableError, match="end before they start in 1 row"):
        churn_by_reason(backend.frame(columns))
    with pytest.raises(ParameterError, match="would stand twice"):
        churn_by_reason(backend.frame(columns), by="termination_reason")

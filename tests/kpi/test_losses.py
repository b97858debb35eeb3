"""Losses and what went with them: plain Python as oracle, and every engine."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kpi.test_movement import operator

from telcrm.errors import InvalidTableError, ParameterError
from telcrm.kpi import loss_analysis, movement, profit_lost
from telcrm.testing import bases

JAN, FEB, MAR = (date(2024, month, 1) for month in (1, 2, 3))

GONE: dict[str, list[Any]] = {
    "terminated_on": [
        date(2024, 1, 3),
        date(2024, 3, 1),
        date(2024, 3, 31),
        None,
        date(2024, 3, 2),
    ],
    "termination_reason": ["port_out", "port_out", None, None, "voluntary"],
    "recipient": ["Blue", "Blue", None, None, None],
    "revenue": [10.0, 5.0, 2.5, 99.0, 1.5],
}


def test_every_engine_breaks_losses_down_alike(backend: Any) -> None:
    result = loss_analysis(backend.frame(GONE), value="revenue")
    assert backend.is_own(result)
    rows = backend.rows(result)
    assert [tuple(row.values()) for row in rows] == [
        (JAN, "port_out", 1, 1.0, 10.0),
        (JAN, "unknown", 0, 0.0, 0.0),
        (JAN, "voluntary", 0, 0.0, 0.0),
        (FEB, "port_out", 0, None, 0.0),
        (FEB, "unknown", 0, None, 0.0),
        (FEB, "voluntary", 0, None, 0.0),
        (MAR, "port_out", 1, 1 / 3, 5.0),
        (MAR, "unknown", 1, 1 / 3, 2.5),
        (MAR, "voluntary", 1, 1 / 3, 1.5),
    ]


def test_by_several_columns_and_over_all_time() -> None:
    by = ["termination_reason", "recipient"]
    result = loss_analysis(pl.DataFrame(GONE), by=by, period=None)
    assert result.rows() == [
        ("port_out", "Blue", 2, 0.5),
        ("unknown", "unknown", 1, 0.25),
        ("voluntary", "unknown", 1, 0.25),
    ]
    assert loss_analysis(pl.DataFrame(GONE).clear(), by=by).is_empty()


def test_a_null_that_is_no_text_is_refused() -> None:
    frame = pl.DataFrame({"terminated_on": [JAN, FEB], "tenure": [3, None]})
    with pytest.raises(InvalidTableError, match="'tenure' is null in 1 row"):
        loss_analysis(frame, by="tenure")
    with pytest.raises(ParameterError, match="would stand twice"):
        loss_analysis(frame.rename({"tenure": "Share"}), by="Share")


def lost_by_hand(columns: dict[str, list[Any]], months: int) -> dict[date, list[float]]:
    margins: defaultdict[str, defaultdict[int, float]] = defaultdict(lambda: defaultdict(float))
    names = ("customer_id", "period", "revenue", "direct_cost")
    for who, when, earned, cost in zip(*(columns[name] for name in names), strict=True):
        margins[who][12 * when.year + when.month - 1] += earned - (cost or 0)
    last = max((month for own in margins.values() for month in own), default=0)
    profits: defaultdict[date, list[float]] = defaultdict(list)
    for own in margins.values():
        for month in own:
            if month < last and month + 1 not in own:
                recent = [own[at] for at in own if month - months < at <= month]
                day = date((month + 1) // 12, (month + 1) % 12 + 1, 1)
                profits[day].append(round(sum(recent) / len(recent), 6))
    return dict(profits)


@given(base=bases(), months=st.integers(1, 4), data=st.data())
@settings(max_examples=20)
def test_profits_by_hand_agree(base: pl.DataFrame, months: int, data: st.DataObject) -> None:
    amounts = st.none() | st.sampled_from([0.0, 0.1, 5.0])
    costs = data.draw(st.lists(amounts, min_size=len(base), max_size=len(base)))
    frame = base.with_columns(direct_cost=pl.Series(costs, dtype=pl.Float64))
    expected = lost_by_hand(frame.to_dict(as_series=False), months)
    rows = {row["period"]: row for row in profit_lost(frame, months=months).to_dicts()}
    assert sorted(rows) == sorted(expected)
    for day, profits in expected.items():
        row = rows[day]
        assert row["lost"] == len(profits)
        assert row["profit_lost"] == pytest.approx(sum(profits), abs=1e-6)
        assert row["average_profit"] == pytest.approx(sum(profits) / len(profits), abs=1e-6)
        assert row["unprofitable"] == sum(profit <= 0 for profit in profits)


@given(bases())
@settings(max_examples=7)
def test_who_is_lost_is_who_the_movement_counts(base: pl.DataFrame) -> None:
    lost = profit_lost(base, cost=None).select("period", "lost")
    moved = movement(base).filter(pl.col("lost") > 0).select("period", "lost")
    assert lost.equals(moved)


def test_every_engine_gives_the_same_profits(backend: Any) -> None:
    columns = operator(60)
    columns["direct_cost"] = [
        None if nth % 5 == 0 else 0.1 for nth in range(len(columns["period"]))
    ]
    result = profit_lost(backend.frame(columns), by="segment")
    assert backend.is_own(result)
    assert backend.rows(result) == profit_lost(pl.DataFrame(columns), by="segment").to_dicts()

"""Churn rates: SQL by hand as oracle, every engine, and the published numbers."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import duckdb_connection
from tests.kpi.test_movement import operator

from telcrm.errors import ParameterError
from telcrm.kpi import (
    MovementPolicy,
    average_base_churn_rate,
    churn_rate,
    compound_churn_rate,
    monthly_churn_rate,
    movement,
    opening_churn_rate,
)
from telcrm.testing import bases

JAN, FEB, MAR = (date(2024, month, 1) for month in (1, 2, 3))
AVERAGE = MovementPolicy(rate_base="average")

SQL = """
WITH active AS (SELECT DISTINCT customer_id, period FROM base),
calendar AS (
    SELECT unnest(generate_series(min(period), max(period), INTERVAL 1 MONTH))::DATE AS period
    FROM active
),
monthly AS (
    SELECT calendar.period,
        (SELECT count(*) FROM active WHERE active.period = calendar.period - INTERVAL 1 MONTH)
            AS opening,
        (SELECT count(*) FROM active WHERE active.period = calendar.period) AS closing,
        (SELECT count(*) FROM active AS before
            WHERE before.period = calendar.period - INTERVAL 1 MONTH AND NOT EXISTS (
                SELECT 1 FROM active AS now WHERE now.customer_id = before.customer_id
                AND now.period = calendar.period)) AS lost
    FROM calendar WHERE calendar.period > (SELECT min(period) FROM active)
),
windowed AS (
    SELECT period, sum(lost) OVER w AS lost, sum((opening + closing) / 2) OVER w AS base,
        count(*) OVER w AS months
    FROM monthly WINDOW w AS (ORDER BY period ROWS BETWEEN {back} PRECEDING AND CURRENT ROW)
)
SELECT period, lost::BIGINT AS lost, base, CASE WHEN base > 0 THEN lost / base END AS churn_rate
FROM windowed WHERE months > {back} ORDER BY period
"""


@given(base=bases(min_rows=1), months=st.integers(1, 4))
@settings(max_examples=15)
def test_sql_by_hand_agrees(base: pl.DataFrame, months: int) -> None:
    result = churn_rate(base, months=months, policy=AVERAGE).drop("annual_churn_rate")
    connection = duckdb_connection()
    connection.register("base", base.to_arrow())
    by_hand = connection.sql(SQL.format(back=months - 1)).pl()
    assert result.to_dicts() == by_hand.to_dicts()


def test_every_engine_gives_the_same_rates(backend: Any) -> None:
    columns = operator(60)
    given: dict[str, Any] = {
        "by": "segment",
        "revenue": "revenue",
        "months": 3,
        "policy": AVERAGE,
    }
    result = churn_rate(backend.frame(columns), **given)
    assert backend.is_own(result)
    assert backend.rows(result) == churn_rate(pl.DataFrame(columns), **given).to_dicts()


@given(bases())
@settings(max_examples=10)
def test_it_is_the_lost_rate_of_the_movement(base: pl.DataFrame) -> None:
    rates = churn_rate(base, by="segment", revenue="revenue")
    moved = movement(base, by="segment")
    assert rates["lost"].equals(moved["lost"])
    assert rates["churn_rate"].equals(moved["lost_rate"].alias("churn_rate"))


@given(bases())
@settings(max_examples=10)
def test_rates_on_the_opening_base_are_shares(base: pl.DataFrame) -> None:
    rates = churn_rate(base, months=2)
    for name in ("churn_rate", "annual_churn_rate"):
        assert rates[name].drop_nulls().is_between(0, 1).all()


def test_disjoint_bases_add_up() -> None:
    first = pl.DataFrame(operator(30))
    second = first.with_columns(customer_id="X" + pl.col("customer_id"))
    both, one = churn_rate(pl.concat([first, second])), churn_rate(first)
    assert (both["lost"] == 2 * one["lost"]).all()
    assert both["churn_rate"].equals(one["churn_rate"])


def test_there_is_no_rate_before_there_are_so_many_months() -> None:
    frame = pl.DataFrame(operator(20, months=4))
    assert churn_rate(frame, months=3)["period"].to_list() == [max(frame["period"])]
    assert churn_rate(frame, months=4).is_empty()


@pytest.mark.parametrize("months", [0, 121, 1.5, True, "3"])
def test_windows_are_whole_months(months: Any) -> None:
    with pytest.raises(ParameterError, match="whole number from 1 to 120"):
        churn_rate(pl.DataFrame(operator(5)), months=months)


def test_a_group_called_like_the_result_is_refused() -> None:
    frame = pl.DataFrame(operator(5)).rename({"segment": "Base"})
    with pytest.raises(ParameterError, match="'Base' would stand twice"):
        churn_rate(frame, by="Base")


def test_three_percent_a_month_is_not_thirty_six_a_year() -> None:
    assert compound_churn_rate(0.03, periods=12) == pytest.approx(0.30616, abs=5e-6)
    assert monthly_churn_rate(compound_churn_rate(0.03, periods=12), months=12) == pytest.approx(
        0.03
    )


@given(st.floats(0, 1), st.integers(1, 60))
def test_compounding_stays_a_share_and_grows_with_time(rate: float, periods: int) -> None:
    once = compound_churn_rate(rate, periods=periods)
    assert 0 <= once <= compound_churn_rate(rate, periods=periods + 1) <= 1


def test_formulas_on_numbers() -> None:
    assert opening_churn_rate(10, 100) == 0.1
    assert average_base_churn_rate([10], [100], [90]) == pytest.approx(10 / 95)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: opening_churn_rate(1, 0), "opening is 0, and has to be a number above 0"),
        (lambda: opening_churn_rate(-1, 10), "lost is -1"),
        (lambda: opening_churn_rate(11, 10), "nobody can be lost who was not there"),
        (lambda: opening_churn_rate(float("nan"), 10), "lost is nan"),
        (lambda: average_base_churn_rate([], [], []), "one month at least"),
        (lambda: average_base_churn_rate([1], [1, 2], [1]), "opening 2"),
        (lambda: average_base_churn_rate([0], [0], [0]), "base is 0.0"),
        (lambda: compound_churn_rate(1.2, periods=12), "rate is 1.2"),
        (lambda: compound_churn_rate(0.1, periods=0), "periods is 0"),
        (lambda: monthly_churn_rate(True, months=12), "rate is True"),
    ],
)
def test_numbers_that_make_no_rate_are_refused(ask: Any, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        ask()

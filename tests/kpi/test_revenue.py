"""ARPU and its relatives: SQL by hand as oracle, every engine, and the published numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.conftest import duckdb_connection
from tests.kpi.test_movement import operator

from telcrm.errors import InvalidTableError, MissingColumnsError, ParameterError
from telcrm.kpi import (
    UserBase,
    abpu,
    ampu,
    arpa,
    arpu,
    average_users,
    data_per_user,
    mou,
)
from telcrm.testing import bases

JAN, FEB, MAR, APR = (date(2024, month, 1) for month in (1, 2, 3, 4))

SQL = """
WITH calendar AS (
    SELECT unnest(generate_series(min(period), max(period), INTERVAL 1 MONTH))::DATE AS period
    FROM base
),
monthly AS (
    SELECT calendar.period,
        (SELECT coalesce(sum(revenue), 0) FROM base WHERE base.period = calendar.period) AS revenue,
        CASE WHEN calendar.period > (SELECT min(period) FROM base) THEN
            (SELECT count(DISTINCT customer_id) FROM base
                WHERE base.period = calendar.period - INTERVAL 1 MONTH) END AS opening,
        (SELECT count(DISTINCT customer_id) FROM base WHERE base.period = calendar.period)
            AS closing
    FROM calendar
),
windowed AS (
    SELECT period, sum(revenue) OVER w AS revenue, count(*) OVER w AS months,
        count(opening) OVER w AS known, sum((opening + closing) / 2) OVER w AS averages,
        (first_value(opening) OVER w + closing) / 2 AS two_point, sum(closing) OVER w AS active
    FROM monthly WINDOW w AS (ORDER BY period ROWS BETWEEN {back} PRECEDING AND CURRENT ROW)
),
based AS (
    SELECT period, round(revenue, 6) AS revenue, CASE '{base}'
        WHEN 'two_point' THEN two_point
        WHEN 'active' THEN active / ({back} + 1)
        ELSE CASE WHEN known = months THEN averages / ({back} + 1) END END AS users
    FROM windowed WHERE months > {back}
)
SELECT period, revenue, users,
    CASE WHEN users > 0 THEN revenue / users / ({back} + 1) END AS arpa
FROM based ORDER BY period
"""


@given(base=bases(min_rows=1), way=st.sampled_from(list(UserBase)), months=st.integers(1, 3))
@settings(max_examples=20)
def test_sql_by_hand_agrees(base: pl.DataFrame, way: UserBase, months: int) -> None:
    result = arpa(base, account="customer_id", base=way, months=months)
    connection = duckdb_connection()
    connection.register("base", base.to_arrow())
    by_hand = connection.sql(SQL.format(back=months - 1, base=way)).pl()
    for name in ("period", "revenue", "users", "arpa"):
        for ours, theirs in zip(result[name], by_hand[name], strict=True):
            assert ours == (theirs if name == "period" or theirs is None else pytest.approx(theirs))


@pytest.mark.parametrize("way", list(UserBase))
def test_every_engine_gives_the_same_rows(backend: Any, way: UserBase) -> None:
    columns = operator(50)
    given: dict[str, Any] = {"user": "customer_id", "by": "segment", "base": way, "months": 2}
    result = arpu(backend.frame(columns), **given)
    assert backend.is_own(result)
    expected = arpu(pl.DataFrame(columns), **given).to_dicts()
    for ours, theirs in zip(backend.rows(result), expected, strict=True):
        assert ours == pytest.approx(theirs, nan_ok=True)


def test_verizon_2010_by_two_points() -> None:
    # Verizon Communications, annual report 2010: 55,629 $M, 89,172k to 94,135k customers.
    users = average_users([89_172], [94_135], base=UserBase.TWO_POINT)
    assert 55_629_000 / users / 12 == pytest.approx(50.58, abs=0.005)


def test_the_year_by_two_points_and_by_months_differ_where_growth_is_uneven() -> None:
    counts = [2, 2, 8, 8]
    rows = {
        "subscription_id": [str(nth) for count in counts for nth in range(count)],
        "period": [
            when for when, n in zip((JAN, FEB, MAR, APR), counts, strict=True) for _ in range(n)
        ],
        "revenue": [10.0] * sum(counts),
    }
    frame = pl.DataFrame(rows)
    by_months = arpu(frame, months=3).row(-1, named=True)
    by_points = arpu(frame, months=3, base="two_point").row(-1, named=True)
    assert (by_months["users"], by_points["users"]) == (5.0, 5.0)
    frame = frame.filter((pl.col("period") != MAR) | (pl.col("subscription_id") < "2"))
    assert arpu(frame, months=3)["users"][-1] == pytest.approx(3.0)
    assert arpu(frame, months=3, base="two_point")["users"][-1] == 5.0
    openings, closings = [2, 2, 2], [2, 2, 8]
    assert average_users(openings, closings) == 3.0
    assert average_users(openings, closings, base="active") == 4.0


@given(bases(min_rows=1))
@settings(max_examples=10)
def test_a_blended_figure_lies_between_those_of_its_groups(base: pl.DataFrame) -> None:
    one_group = base.with_columns(segment=pl.col("customer_id").str.slice(-1).replace("0", "9"))
    blended = arpu(one_group, user="customer_id", base="active")
    parts = arpu(one_group, user="customer_id", by="segment", base="active")
    for period, figure in blended.select("period", "arpu").iter_rows():
        those = parts.filter(pl.col("period") == period)["arpu"].drop_nulls()
        if figure is not None:
            assert min(those) - 1e-9 <= figure <= max(those) + 1e-9


@given(base=bases(min_rows=1), seed=st.integers(0, 9))
@settings(max_examples=7)
def test_the_order_of_rows_and_columns_does_not_matter(base: pl.DataFrame, seed: int) -> None:
    mixed = base.sample(fraction=1, shuffle=True, seed=seed).select(reversed(base.columns))
    # Sums differ in the last digit by the order in which they are added.
    assert_frame_equal(arpu(mixed, by="segment"), arpu(base, by="segment"), abs_tol=1e-9)


MEASURES: list[tuple[Callable[..., Any], dict[str, Any], str, float]] = [
    (arpu, {}, "revenue", 20.0),
    (arpa, {"account": "account_id"}, "revenue", 40.0),
    (abpu, {"billed": ["revenue", "handset"]}, "billings", 22.0),
    (ampu, {}, "margin", 15.0),
    (mou, {}, "minutes", 1.5),
    (data_per_user, {}, "volume_gb", 2.0),
]


@pytest.mark.parametrize(("ask", "given", "total", "expected"), MEASURES)
def test_each_measure_divides_its_own_amount(
    backend: Any, ask: Any, given: dict[str, Any], total: str, expected: float
) -> None:
    columns = {
        "subscription_id": ["1", "2"],
        "account_id": ["A", "A"],
        "period": [JAN, JAN],
        "revenue": [10.0, 30.0],
        "handset": [4, 0],
        "direct_cost": [5.0, 5.0],
        "voice_s": [60, 120],
        "data_bytes": [1_000_000_000, 3_000_000_000],
    }
    [row] = backend.rows(ask(backend.frame(columns), base="active", **given))
    assert row[ask.__name__] == pytest.approx(expected)
    users = 1 if ask is arpa else 2
    assert row[total] == pytest.approx(expected * users)
    assert row["users"] == users


def test_no_rows_give_no_rows(backend: Any) -> None:
    empty = pl.DataFrame(operator(5)).clear()
    assert arpu(empty, user="customer_id").is_empty()
    assert arpu(empty.to_pandas(), user="customer_id").empty


def test_one_user_in_one_month_has_no_opening() -> None:
    frame = pl.DataFrame({"subscription_id": ["1"], "period": [JAN], "revenue": [5]})
    assert arpu(frame).row(0) == (JAN, 5.0, None, None)
    assert arpu(frame, base="active").row(0) == (JAN, 5.0, 1.0, 5.0)


def test_negative_revenue_is_taken_as_it_is() -> None:
    frame = pl.DataFrame({"subscription_id": ["1", "2"], "period": [JAN] * 2, "revenue": [5, -9]})
    assert arpu(frame, base="active")["arpu"].to_list() == [-2.0]


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"base": "mean"}, ParameterError, "Choose from: monthly_average"),
        ({"months": 0}, ParameterError, "whole number from 1 to 120"),
        ({"by": "users"}, ParameterError, "would stand twice"),
        ({"revenue": "margin"}, MissingColumnsError, "lacks 'margin'"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    backend: Any, given: dict[str, Any], error: Any, words: str
) -> None:
    frame = backend.frame({**operator(5), "subscription_id": operator(5)["customer_id"]})
    with pytest.raises(error, match=words):
        arpu(frame, **given)


def test_a_null_amount_is_refused_with_its_key(backend: Any) -> None:
    columns = {"subscription_id": ["1", "2"], "period": [JAN, JAN], "voice_s": [5, None]}
    with pytest.raises(InvalidTableError, match=r"'voice_s' is null in 1 row .*2/2024-01-01"):
        mou(backend.frame(columns))


def test_billings_need_columns() -> None:
    frame = pl.DataFrame(operator(5))
    for billed in ([], ["revenue", "revenue"]):
        with pytest.raises(ParameterError, match="name each column of amounts once"):
            abpu(frame, user="customer_id", billed=billed)

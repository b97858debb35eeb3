"""Summaries of transactions: lifetimes, a count by hand, every engine, clocks and zones."""

from __future__ import annotations

import warnings
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from math import log
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.conftest import Backend
from tests.value.non_contractual.customers import transactions

from telcrm.errors import (
    ColumnTypeError,
    CurrencyMismatchError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
)
from telcrm.value import summarize_transactions

UNITS = {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}
JAN = date(2024, 1, 1)  # a Monday


def recharges(*rows: tuple[str, Any, float]) -> pl.DataFrame:
    names = ("customer_id", "at", "amount")
    return pl.DataFrame({name: [row[at] for row in rows] for at, name in enumerate(names)})


def theirs(**options: Any) -> Any:
    """What lifetimes 0.11.3 makes of its own data, sorted by customer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifetimes.utils import summary_data_from_transaction_data

        found = summary_data_from_transaction_data(priced(), "id", "date", **options)
    return found.sort_index()


@cache
def priced() -> Any:
    """lifetimes' transactions with amounts that it would not have."""
    frame = transactions().copy()
    frame["spent"] = (np.arange(len(frame)) * 7919 % 2003) / 100.0 + 0.5
    return frame


@pytest.mark.parametrize(
    ("unit", "options"),
    [("day", {"freq": "D"}), ("week", {"freq": "D", "freq_multiplier": 7})],
)
def test_lifetimes_summarises_alike(unit: str, options: dict[str, Any]) -> None:
    end = "2014-12-31"
    expected = theirs(monetary_value_col="spent", observation_period_end=end, **options)
    found = summarize_transactions(
        priced(), customer="id", at="date", amount="spent", until=date(2014, 12, 31), unit=unit
    )
    assert found["id"].tolist() == expected.index.tolist()
    assert found["frequency"].tolist() == expected["frequency"].tolist()
    assert_allclose(found["recency"], expected["recency"], rtol=1e-14)
    assert_allclose(found["age"], expected["T"], rtol=1e-14)
    # lifetimes has 0 where there is no amount.
    assert_allclose(found["monetary_value"].fillna(0.0), expected["monetary_value"], atol=5e-7)
    never = found["frequency"] == 0
    assert never.any()
    assert found["monetary_value"].isna().tolist() == never.tolist()


def test_lifetimes_summarises_by_weeks_alike() -> None:
    # Weeks of lifetimes (pandas) end on Sundays, as ours do.
    expected = theirs(freq="W", observation_period_end="2014-12-31")
    found = summarize_transactions(
        priced(),
        customer="id",
        at="date",
        until=date(2014, 12, 31),
        unit="week",
        granularity="week",
    )
    assert found["frequency"].tolist() == expected["frequency"].tolist()
    assert found["recency"].tolist() == expected["recency"].tolist()
    assert found["age"].tolist() == expected["T"].tolist()


def test_lifetimes_leaves_out_what_comes_later_too() -> None:
    expected = theirs(freq="D", observation_period_end="2014-06-15")
    found = summarize_transactions(
        priced(), customer="id", at="date", until=date(2014, 6, 15), unit="day"
    )
    assert found["id"].tolist() == expected.index.tolist()
    assert found["frequency"].tolist() == expected["frequency"].tolist()
    assert found["age"].tolist() == expected["T"].tolist()


def by_hand(
    rows: list[tuple[str, date, float]], until: date, split: date | None, per_unit: float
) -> dict[str, dict[str, Any]]:
    """Count day by day, in plain Python."""
    days: defaultdict[str, defaultdict[date, float]] = defaultdict(lambda: defaultdict(float))
    for who, day, amount in rows:
        if day <= until:
            days[who][day] += amount
    end = split or until
    found = {}
    for who, amounts in days.items():
        seen = sorted(day for day in amounts if day <= end)
        if not seen:
            continue
        repeats = seen[1:]
        later = [day for day in amounts if day > end]
        found[who] = {
            "frequency": len(repeats),
            "recency": (seen[-1] - seen[0]).days / per_unit,
            "age": (end - seen[0]).days / per_unit,
            "monetary_value": _mean([amounts[day] for day in repeats]),
            "log_interval_sum": sum(
                log((b - a).days / per_unit) for a, b in zip(seen, repeats, strict=False)
            ),
        }
        if split is not None:
            found[who] |= {
                "holdout_frequency": len(later),
                "holdout_age": (until - split).days / per_unit,
                "holdout_monetary_value": _mean([amounts[day] for day in later]),
            }
    return found


def _mean(amounts: list[float]) -> float | None:
    return sum(amounts) / len(amounts) if amounts else None


day = st.integers(0, 60).map(lambda ahead: JAN + timedelta(days=ahead))
lines = st.lists(
    st.tuples(st.sampled_from("abcde"), day, st.sampled_from([-5.0, 0.0, 0.1, 10.0, 12.5])),
    min_size=1,
    max_size=30,
)


@given(
    rows=lines,
    unit=st.sampled_from(sorted(UNITS)),
    end=st.integers(1, 70),
    split=st.none() | st.integers(0, 69),
)
@settings(max_examples=40)
def test_a_count_by_hand_agrees(
    rows: list[tuple[str, date, float]], unit: str, end: int, split: int | None
) -> None:
    until = JAN + timedelta(days=end)
    calibration = None if split is None or split >= end else JAN + timedelta(days=split)
    found = summarize_transactions(
        recharges(*rows),
        amount="amount",
        until=until,
        calibration_until=calibration,
        unit=unit,
        intervals=True,
    )
    expected = by_hand(rows, until, calibration, UNITS[unit])
    assert found["customer_id"].to_list() == sorted(expected)
    for row in found.to_dicts():
        wanted = expected[row.pop("customer_id")]
        assert set(row) == set(wanted)
        for name, value in wanted.items():
            assert row[name] == (None if value is None else pytest.approx(value, abs=1e-6)), name


EDGES = [
    ("ann", datetime(2023, 12, 31, 23, 59, 59), 5.0),
    ("ann", datetime(2024, 1, 1), 1.0),
    ("ann", datetime(2024, 1, 31, 12), 2.0),
    ("ann", datetime(2024, 1, 31, 18), -0.5),
    ("ann", datetime(2024, 2, 29), 4.0),
    ("bob", datetime(2024, 2, 1), 8.0),
    ("bob", datetime(2024, 2, 29, 23), 8.0),
    ("cid", datetime(2024, 3, 31, 23), 9.0),
    ("dee", datetime(2024, 4, 1), 9.0),
]
# Summed up within months, and within years, by hand; until the end of March, and of the year.
BY_MONTH = [
    ("ann", 2, 2.0, 3.0, 3.25),
    ("bob", 0, 0.0, 1.0, None),
    ("cid", 0, 0.0, 0.0, None),
]
BY_YEAR = [
    ("ann", 1, 1.0, 1.0, 6.5),
    ("bob", 0, 0.0, 0.0, None),
    ("cid", 0, 0.0, 0.0, None),
    ("dee", 0, 0.0, 0.0, None),
]


@pytest.mark.parametrize(("grain", "expected"), [("month", BY_MONTH), ("year", BY_YEAR)])
def test_calendar_periods_whatever_their_length(
    grain: str, expected: list[tuple[Any, ...]], distinct_backend: Backend
) -> None:
    frame = recharges(*EDGES)
    native = distinct_backend.frame({name: frame[name].to_list() for name in frame.columns})
    found = summarize_transactions(
        native,
        amount="amount",
        until=date(2024, 3, 31) if grain == "month" else date(2024, 12, 31),
        unit=grain,
        granularity=grain,
    )
    assert [tuple(row.values()) for row in distinct_backend.rows(found)] == expected


@pytest.mark.parametrize("grain", ["week", "month", "year"])
def test_later_transactions_are_left_out_of_coarse_periods_too(grain: str) -> None:
    # Wednesday 17 January, and two days later: after the last day of observation.
    frame = recharges(("ann", JAN, 1.0), ("bob", date(2024, 1, 19), 1.0))
    found = summarize_transactions(frame, until=date(2024, 1, 17), unit=grain, granularity=grain)
    assert found["customer_id"].to_list() == ["ann"]


def test_weeks_begin_on_monday() -> None:
    frame = recharges(
        ("ann", date(2024, 1, 7), 1.0),
        ("ann", date(2024, 1, 8), 2.0),
        ("bob", JAN, 1.0),
        ("bob", date(2024, 1, 7), 1.0),
    )
    found = summarize_transactions(frame, until=date(2024, 1, 21), unit="week", granularity="week")
    assert found.rows() == [("ann", 1, 1.0, 2.0), ("bob", 0, 0.0, 2.0)]
    # A Sunday and the day after are one day apart.
    daily = summarize_transactions(frame, until=date(2024, 1, 21))
    assert daily["recency"].to_list() == [1 / 7, 6 / 7]


def columns_of(frame: pl.DataFrame) -> dict[str, list[Any]]:
    return {name: frame[name].to_list() for name in frame.columns}


def random_recharges(size: int = 80) -> pl.DataFrame:
    chance = np.random.default_rng(12)
    return recharges(
        *(
            (
                f"c{chance.integers(0, 12):02d}",
                JAN + timedelta(days=int(chance.integers(0, 100))),
                float(chance.choice([0.1, 0.2, 5.0, -1.0, 12.34])),
            )
            for _ in range(size)
        )
    )


@pytest.mark.parametrize("split", [None, date(2024, 2, 15)])
def test_every_engine_gives_the_same_rows(split: date | None, distinct_backend: Backend) -> None:
    frame = random_recharges()
    given_options: dict[str, Any] = {
        "amount": "amount",
        "until": date(2024, 4, 9),
        "calibration_until": split,
        "intervals": True,
    }
    expected = summarize_transactions(frame, **given_options).to_dicts()
    native = distinct_backend.frame(columns_of(frame))
    found = summarize_transactions(native, **given_options)
    assert distinct_backend.is_own(found)
    assert distinct_backend.rows(found) == expected


def test_columns_have_their_types() -> None:
    found = summarize_transactions(
        random_recharges(),
        amount="amount",
        until=date(2024, 4, 9),
        calibration_until=date(2024, 3, 1),
        intervals=True,
    )
    assert found.schema == {
        "customer_id": pl.String,
        "frequency": pl.Int64,
        "recency": pl.Float64,
        "age": pl.Float64,
        "monetary_value": pl.Float64,
        "log_interval_sum": pl.Float64,
        "holdout_frequency": pl.Int64,
        "holdout_age": pl.Float64,
        "holdout_monetary_value": pl.Float64,
    }
    plain = summarize_transactions(random_recharges(), until=date(2024, 4, 9))
    assert plain.columns == ["customer_id", "frequency", "recency", "age"]


def test_rows_in_another_order_give_the_same_summary() -> None:
    frame = random_recharges()
    expected = summarize_transactions(frame, amount="amount", until=date(2024, 4, 9))
    for seed in range(3):
        turned = frame.sample(fraction=1.0, shuffle=True, seed=seed)
        found = summarize_transactions(turned, amount="amount", until=date(2024, 4, 9))
        assert found.equals(expected)


@pytest.mark.parametrize("engine", ["polars", "pandas"])
def test_the_day_is_that_of_the_zone_that_the_clock_is_kept_in(engine: str) -> None:
    instants = [datetime(2024, 1, 1, 23, 30, tzinfo=UTC), datetime(2024, 1, 8, 1, tzinfo=UTC)]
    frame = pl.DataFrame({"customer_id": ["a", "a"], "at": instants, "amount": [1.0, 2.0]})
    for zone, days in (("UTC", 7), ("Asia/Kathmandu", 6), ("America/Chicago", 6)):
        there: Any = frame.with_columns(pl.col("at").dt.convert_time_zone(zone))
        if engine == "pandas":
            there = pd.DataFrame(
                {
                    "customer_id": ["a", "a"],
                    "at": pd.to_datetime(pd.Series(instants)).dt.tz_convert(zone),
                }
            )
        found = summarize_transactions(there, until=date(2024, 1, 31), unit="day")
        assert list(found["recency"]) == [days]


def test_transactions_of_a_day_are_one_purchase() -> None:
    later = date(2024, 1, 8)
    frame = recharges(("a", JAN, 1.0), ("a", JAN, 99.0), ("a", later, 3.0), ("a", later, 4.0))
    found = summarize_transactions(frame, amount="amount", until=date(2024, 1, 15))
    assert found.rows() == [("a", 1, 1.0, 2.0, 7.0)]


def test_refunds_are_amounts_below_zero() -> None:
    spent = [(JAN, 10.0), (date(2024, 1, 8), 10.0), (date(2024, 1, 8), -4.0)]
    frame = recharges(*(("a", *one) for one in spent), ("a", date(2024, 1, 9), -20.0))
    found = summarize_transactions(frame, amount="amount", until=date(2024, 1, 15))
    assert found["frequency"].to_list() == [2]
    assert found["monetary_value"].to_list() == [-7.0]


def test_the_noise_of_adding_is_gone() -> None:
    days = [JAN + timedelta(days=at) for at in range(4)]
    frame = recharges(
        *(("a", day, amount) for day, amount in zip(days, (9.0, 0.1, 0.2, 0.3), strict=True))
    )
    found = summarize_transactions(frame, amount="amount", until=days[-1])
    assert found["monetary_value"].to_list() == [0.2]


def test_days_in_weeks_are_exact_where_floats_are() -> None:
    # 119 / 7 is 17; as 119 * (1/7) it would not be.
    frame = recharges(("a", JAN, 1.0), ("a", JAN + timedelta(days=119), 1.0))
    found = summarize_transactions(frame, until=JAN + timedelta(days=238))
    assert found.rows() == [("a", 1, 17.0, 34.0)]


def test_later_transactions_and_later_customers_are_left_out() -> None:
    frame = recharges(("a", JAN, 1.0), ("a", date(2024, 3, 1), 1.0), ("b", date(2024, 3, 1), 1.0))
    early = summarize_transactions(frame, until=date(2024, 2, 1), unit="day")
    assert early.rows() == [("a", 0, 0.0, 31.0)]
    split = summarize_transactions(
        frame, until=date(2024, 3, 31), calibration_until=date(2024, 2, 1), unit="day"
    )
    assert split.rows() == [("a", 0, 0.0, 31.0, 1, 59.0)]
    none = summarize_transactions(frame, until=date(2023, 12, 31))
    assert none.rows() == []


@pytest.mark.parametrize("key", [[1, 1, 2], [True, True, False], ["x", "x", "y"]])
def test_keys_of_any_kind(key: list[Any], distinct_backend: Backend) -> None:
    columns: dict[str, list[Any]] = {"line": key, "on": [JAN, date(2024, 1, 8), JAN]}
    found = summarize_transactions(
        distinct_backend.frame(columns), customer="line", at="on", until=date(2024, 1, 15)
    )
    rows = {row["line"]: row["frequency"] for row in distinct_backend.rows(found)}
    assert rows == {key[0]: 1, key[2]: 0}


def test_categories_are_sorted_by_their_names() -> None:
    frame = recharges(("b", JAN, 1.0), ("a", JAN, 1.0)).cast({"customer_id": pl.Categorical})
    found = summarize_transactions(frame, until=JAN)
    assert found["customer_id"].to_list() == ["a", "b"]


def test_decimals_and_objects_are_amounts() -> None:
    frame = pd.DataFrame(
        {
            "customer_id": ["a", "a"],
            "at": [JAN, date(2024, 1, 8)],
            "amount": [Decimal("1.10"), Decimal("2.20")],
        }
    )
    found = summarize_transactions(frame, amount="amount", until=date(2024, 1, 15))
    assert found["monetary_value"].tolist() == [2.2]


@pytest.mark.parametrize(
    ("columns", "complaint"),
    [
        ({"customer_id": [None, "a"]}, "'customer_id' is null"),
        ({"at": [None, JAN]}, "'at' is null"),
        ({"amount": [None, 1.0]}, "'amount' is null"),
        ({"amount": [float("inf"), 1.0]}, "'amount' is not a finite number"),
    ],
)
def test_bad_rows_are_refused_whole(
    columns: dict[str, Any], complaint: str, distinct_backend: Backend
) -> None:
    good: dict[str, list[Any]] = {"customer_id": ["a", "b"], "at": [JAN, JAN], "amount": [1.0, 2.0]}
    with pytest.raises(InvalidTableError, match=complaint):
        summarize_transactions(
            distinct_backend.frame(good | columns), amount="amount", until=date(2024, 1, 15)
        )


def test_bad_columns_are_refused() -> None:
    frame = recharges(("a", JAN, 1.0))
    with pytest.raises(MissingColumnsError, match="'at'"):
        summarize_transactions(frame.drop("at"), until=JAN)
    with pytest.raises(MissingColumnsError, match="'price'"):
        summarize_transactions(frame, amount="price", until=JAN)
    with pytest.raises(ColumnTypeError, match="'at' holds"):
        summarize_transactions(frame.with_columns(at=pl.lit("monday")), until=JAN)
    with pytest.raises(ColumnTypeError, match="'amount' holds"):
        summarize_transactions(frame.with_columns(amount=pl.lit("5")), amount="amount", until=JAN)
    with pytest.raises(ColumnTypeError, match="'customer_id' holds"):
        summarize_transactions(frame.with_columns(customer_id=1.5), until=JAN)


def test_currencies_matter_for_amounts_alone() -> None:
    frame = recharges(("a", JAN, 1.0), ("a", date(2024, 1, 8), 1.0)).with_columns(
        currency=pl.Series(["EUR", "USD"])
    )
    with pytest.raises(CurrencyMismatchError, match="'EUR' with 'USD'"):
        summarize_transactions(frame, amount="amount", until=date(2024, 1, 15))
    assert summarize_transactions(frame, until=date(2024, 1, 15)).height == 1


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"until": "2024-01-31"}, "has to be a date"),
        ({"until": datetime(2024, 1, 31, tzinfo=UTC)}, "has to be a date"),
        ({"calibration_until": "2024-01-31"}, "has to be a date"),
        ({"calibration_until": date(2024, 2, 1)}, "has to be before the period of until"),
        ({"calibration_until": date(2024, 3, 1)}, "has to be before the period of until"),
        ({"unit": "fortnight"}, "unit"),
        ({"granularity": "hour"}, "granularity"),
        ({"granularity": "month"}, r"Pass unit='month', or granularity=\"day\""),
        (
            {
                "granularity": "month",
                "unit": "month",
                "calibration_until": date(2024, 1, 31),
                "until": date(2024, 1, 31),
            },
            "has to be before the period",
        ),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ParameterError, match=complaint):
        summarize_transactions(
            recharges(("a", JAN, 1.0)), **({"until": date(2024, 2, 1)} | options)
        )


def test_a_key_called_like_a_result_is_refused() -> None:
    frame = recharges(("a", JAN, 1.0)).rename({"customer_id": "Age"})
    with pytest.raises(ParameterError, match="'Age' would stand twice"):
        summarize_transactions(frame, customer="Age", until=JAN)

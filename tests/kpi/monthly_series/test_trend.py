"""Slopes and tests of monotone trends: published examples, SciPy as oracle, every engine."""

from __future__ import annotations

from datetime import date, datetime
from itertools import permutations
from math import sqrt
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from telcrm.errors import (
    ColumnTypeError,
    CurrencyMismatchError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
    UnsupportedFrameError,
)
from telcrm.kpi.monthly_series.monotone_trend import mann_kendall, theil_sen
from telcrm.kpi.monthly_series.trend import changes, trend

numbers = st.integers(-50, 50).map(float)
gappy = st.lists(st.none() | numbers, max_size=30)


some = settings(max_examples=10)


def months(count: int, first: int = 0) -> list[date]:
    return [date(2022 + at // 12, at % 12 + 1, 1) for at in range(first, first + count)]


def test_mann_kendall_by_hand() -> None:
    """J. Little, College of the Holy Cross, "A Mann-Kendall Example (By Hand)": one tie."""
    values = [12.9, 14.8, 13.2, 15.7, 13.8, 15.6, 12.9, 11.0, 17.3, 15.9, 19.0, 18.3, 20.1, 21.7]
    test = mann_kendall(values)
    assert test.s == 54
    assert test.variance == (14 * 13 * 33 - 2 * 1 * 9) / 18
    assert test.z == pytest.approx(2.9058, abs=5e-5)
    assert test.p_value is not None
    assert test.p_value / 2 == pytest.approx(0.0018, abs=5e-5)


def test_exact_probability_of_a_short_series() -> None:
    """Gilbert (1987), section 16.4.2 and table A18: 10, 15, 14, 20 has S = 4, one-sided 0.167."""
    test = mann_kendall([10, 15, 14, 20])
    assert test.s == 4
    assert test.p_value is not None
    assert test.p_value / 2 == pytest.approx(0.167, abs=5e-4)


def test_variance_with_three_groups_of_ties() -> None:
    """Gilbert (1987), p. 211: 23, 24, trace, 6, trace, 24, 24, trace, 23 has t = 2, 3, 3."""
    test = mann_kendall([23, 24, 0, 6, 0, 24, 24, 0, 23])
    assert test.variance == (9 * 8 * 23 - 2 * 1 * 9 - 2 * 3 * 2 * 11) / 18


def test_theil_sen_on_its_authors_example() -> None:
    """Sen (1968), JASA 63, p. 1385: months 1, 2, 3, 4, 10, 12, 18; slope 4, 93 % 3.71 to 4.38."""
    known = {1: 9, 2: 15, 3: 19, 4: 20, 10: 45, 12: 55, 18: 78}
    line = theil_sen([known.get(at) for at in range(1, 19)], confidence=0.93)
    assert line.slope == 4
    assert line.low == pytest.approx(3.71, abs=0.005)
    assert line.high == pytest.approx(4.38, abs=0.005)


@some
@given(gappy)
def test_slope_and_interval_are_those_of_scipy(values: list[float | None]) -> None:
    at = [nth for nth, value in enumerate(values) if value is not None]
    known = [value for value in values if value is not None]
    line = theil_sen(values)
    if len(known) < 2:
        assert line.slope is None
        return
    expected = stats.theilslopes(known, at)
    assert line.slope == pytest.approx(expected.slope)
    if line.low is not None:
        assert (line.low, line.high) == pytest.approx((expected.low_slope, expected.high_slope))
    assert (line.low is None) == (len(known) < 5)


@some
@given(st.permutations(range(7)))
def test_the_exact_p_value_is_kendalls(order: list[int]) -> None:
    test = mann_kendall([float(rank) for rank in order])
    exact = stats.kendalltau(range(7), order, method="exact").pvalue
    assert test.p_value == pytest.approx(float(exact))


def test_the_exact_p_value_counts_permutations() -> None:
    seen = [mann_kendall([float(x) for x in order]) for order in permutations(range(5))]
    for test in seen:
        as_far = sum(abs(other.s) >= abs(test.s) for other in seen)
        assert test.p_value == pytest.approx(as_far / len(seen))


def test_a_season_is_no_trend() -> None:
    values = [float(10 * (at % 12)) for at in range(36)]
    assert mann_kendall(values[:12]).s == 66
    seasonal = mann_kendall(values, season_months=12)
    assert (seasonal.s, seasonal.p_value) == (0, 1.0)
    rising = [value + at for at, value in enumerate(values)]
    # Each of 12 seasons has 3 pairs, and variance 3 * 2 * 11 / 18 (Hirsch, Slack & Smith 1982).
    seasonal = mann_kendall(rising, season_months=12)
    assert seasonal.s == 36
    assert seasonal.variance == pytest.approx(12 * 66 / 18)
    assert seasonal.z == pytest.approx(35 / sqrt(44))
    assert theil_sen(rising, season_months=12).slope == 1.0


@some
@given(st.lists(numbers, min_size=2, max_size=15), st.integers(-3, 3), st.integers(-40, 40))
def test_adding_a_line_adds_its_slope(values: list[float], step: int, level: int) -> None:
    line = theil_sen([value + step * at + level for at, value in enumerate(values)])
    before = theil_sen(values)
    assert line.slope is not None
    assert before.slope is not None
    assert line.slope == pytest.approx(before.slope + step)


@some
@given(gappy)
def test_turned_around_a_rise_is_a_fall(values: list[float | None]) -> None:
    forth, back = mann_kendall(values), mann_kendall(values[::-1])
    assert (forth.s, forth.variance, forth.p_value) == (-back.s, back.variance, back.p_value)


def test_nothing_can_be_said_of_nothing() -> None:
    for values in ([], [None], [1.0], [1.0, None]):
        assert mann_kendall(values).p_value is None
        assert theil_sen(values).slope is None
    level = mann_kendall([5.0] * 12)
    assert (level.s, level.variance, level.z, level.p_value) == (0, 0, 0, 1)


@pytest.mark.parametrize("season", [0, -1, 121, 1.5, True, "12", None])
def test_a_season_is_a_whole_number_of_months(season: Any) -> None:
    with pytest.raises(ParameterError, match="season_months"):
        mann_kendall([1.0], season_months=season)
    frame = pl.DataFrame({"period": months(1), "x": [1.0]})
    with pytest.raises(ParameterError, match="season_months"):
        trend(frame, value="x", season_months=season)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_a_series_is_finite(wrong: float) -> None:
    with pytest.raises(ParameterError, match="finite"):
        theil_sen([1.0, wrong])


def figures() -> dict[str, list[Any]]:
    """Two segments: one rises, with a gap of a row and one of a null; one has 14 level months."""
    gap = date(2022, 6, 1)
    rows: list[tuple[str, date, float | None]] = [("unknown", date(2022, 5, 1), None)]
    rows += [("mass", month, 5.0) for month in months(14, first=2)]
    rows += [
        ("business", month, None if month == gap else 100.0 + 3 * at)
        for at, month in enumerate(months(8))
        if at != 3
    ]
    rows = [rows[at] for at in (9, 3, *range(3), *range(4, 9), *range(10, len(rows)))]
    names = ("segment", "period", "arpu")
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def test_trend_on_every_engine(backend: Any) -> None:
    result = trend(backend.frame(figures()), value="arpu", by="segment")
    assert backend.is_own(result)
    business, mass, unknown = backend.rows(result)
    assert business["segment"] == "business"
    assert (business["first_period"], business["last_period"]) == (
        date(2022, 1, 1),
        date(2022, 8, 1),
    )
    assert (business["months"], business["gaps"], business["kendall_s"]) == (6, 2, 15)
    assert (business["slope"], business["slope_low"], business["slope_high"]) == (3.0, 3.0, 3.0)
    assert business["p_value"] == pytest.approx(2 / 720)
    assert (business["direction"], business["last_value"]) == ("rising", 121.0)
    assert (business["month_on_month"], business["year_on_year"]) == (3.0, None)
    assert business["month_on_month_rate"] == pytest.approx(3 / 118)
    assert (mass["slope"], mass["p_value"], mass["direction"]) == (0.0, 1.0, "unclear")
    assert (mass["year_on_year"], mass["year_on_year_rate"]) == (0.0, 0.0)
    assert {name for name, value in unknown.items() if value is not None} == {
        "segment",
        "months",
        "gaps",
        "kendall_s",
    }
    assert unknown["months"] == 0


def test_changes_on_every_engine(backend: Any) -> None:
    result = changes(backend.frame(figures()), value="arpu", by=["segment"])
    assert backend.is_own(result)
    rows = backend.rows(result)
    keys = [(row["period"], row["segment"]) for row in rows]
    assert keys == sorted(keys)
    told = {(row["segment"], row["period"]): row for row in rows}
    assert len(rows) == 8 + 14  # business from January to August, mass 14 months, unknown never
    assert told["business", date(2022, 2, 1)]["month_on_month"] == 3.0
    for month in (1, 4, 5, 6, 7):  # the first, two gaps, and the months after them
        row = told["business", date(2022, month, 1)]
        assert (row["month_on_month"], row["month_on_month_rate"]) == (None, None)
    assert told["business", date(2022, 4, 1)]["arpu"] is None
    assert told["mass", date(2023, 3, 1)]["year_on_year_rate"] == 0.0
    assert told["mass", date(2023, 2, 1)]["year_on_year"] is None


def test_a_rate_of_change_needs_something_above_nothing() -> None:
    frame = pl.DataFrame({"period": months(3), "net": [0, -5, 5]})
    told = changes(frame, value="net")
    assert told["month_on_month"].to_list() == [None, -5.0, 10.0]
    assert told["month_on_month_rate"].to_list() == [None, None, None]


def test_no_rows_no_series(backend: Any) -> None:
    columns = {"period": [date(2024, 1, 1)], "x": [1.0], "by": ["a"]}
    some = nw.from_native(backend.frame(columns))
    none = some.filter(nw.col("x") > 1).to_native()
    for result in (trend(none, value="x", by="by"), changes(none, value="x")):
        assert backend.rows(result) == []


@settings(max_examples=3)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_is_nothing(backend: Any, random: Any) -> None:
    columns = figures()
    order = list(range(len(columns["period"])))
    random.shuffle(order)
    mixed = {name: [values[at] for at in order] for name, values in columns.items()}
    one = trend(backend.frame(columns), value="arpu", by="segment")
    other = trend(backend.frame(mixed), value="arpu", by="segment")
    assert backend.rows(one) == backend.rows(other)


def test_keys_of_every_type_come_back(backend: Any) -> None:
    columns: dict[str, list[Any]] = {
        "period": months(2) * 2,
        "x": [1.0, 2.0, 5.0, 3.0],
        "number": [2, 2, 1, 1],
        "flag": [True, True, False, False],
        "day": [date(2024, 1, 5)] * 4,
        "it's": ["o'clock", "o'clock", 'a "b"', 'a "b"'],
    }
    keys = ["number", "flag", "day", "it's"]
    rows = backend.rows(trend(backend.frame(columns), value="x", by=keys))
    assert [tuple(row[name] for name in keys) for row in rows] == [
        (1, False, date(2024, 1, 5), 'a "b"'),
        (2, True, date(2024, 1, 5), "o'clock"),
    ]
    assert [row["slope"] for row in rows] == [-2.0, 1.0]


def test_pandas_kinds() -> None:
    frame = pd.DataFrame({"period": months(3), "x": pd.array([1, None, 3], dtype="Int64")})
    told = trend(frame, value="x")
    assert str(told["months"].dtype) == "int64"
    assert told["slope"].item() == 1.0
    assert pd.api.types.is_datetime64_any_dtype(told["first_period"])


BAD: list[tuple[dict[str, list[Any]], dict[str, Any], type[Exception], str]] = [
    ({"period": months(1)}, {}, MissingColumnsError, "x"),
    ({"period": ["2024-01"], "x": [1.0]}, {}, ColumnTypeError, "period"),
    ({"period": months(1), "x": ["1"]}, {}, ColumnTypeError, "x"),
    ({"period": [date(2024, 1, 2)], "x": [1.0]}, {}, InvalidTableError, "first day"),
    ({"period": [None, *months(1)], "x": [1.0, 2.0]}, {}, InvalidTableError, "null"),
    ({"period": months(1), "x": [float("inf")]}, {}, InvalidTableError, "finite"),
    ({"period": months(1) * 2, "x": [1.0, 2.0]}, {}, InvalidTableError, "several rows"),
    ({"period": months(1) * 2, "x": [1, 2], "g": ["a", None]}, {"by": "g"}, InvalidTableError, "g"),
    ({"period": months(1), "x": [1.0], "g": [0.5]}, {"by": "g"}, ColumnTypeError, "g"),
    ({"period": months(1), "x": [1.0]}, {"by": "period"}, ParameterError, "period"),
    (
        {"period": months(2), "x": [1.0, 2.0], "currency": ["EUR", "USD"]},
        {},
        CurrencyMismatchError,
        "EUR",
    ),
]


@pytest.mark.parametrize(("columns", "keywords", "error", "words"), BAD)
def test_bad_tables_are_refused(
    columns: dict[str, list[Any]], keywords: dict[str, Any], error: type[Exception], words: str
) -> None:
    for function in (trend, changes):
        with pytest.raises(error, match=words):
            function(pl.DataFrame(columns), value="x", **keywords)


def test_times_of_day_tell_no_groups_apart() -> None:
    frame = pl.DataFrame({"period": months(1), "x": [1.0], "g": [datetime(2024, 1, 1, 12)]})
    with pytest.raises(ColumnTypeError, match="times of day"):
        trend(frame, value="x", by="g")


def test_other_refusals() -> None:
    frame = pl.DataFrame({"period": months(1), "slope": [1.0]})
    with pytest.raises(ParameterError, match="confidence"):
        trend(frame, value="slope", confidence=1.0)
    with pytest.raises(ParameterError, match="slope"):
        trend(frame, value="slope", by="slope")
    with pytest.raises(ParameterError, match="year_on_year"):
        changes(frame.rename({"slope": "year_on_year"}), value="year_on_year")
    with pytest.raises(UnsupportedFrameError):
        trend({"period": [], "x": []}, value="x")

"""Deviating months: published limits, planted shocks, false alarms, no look into the future."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from random import Random
from statistics import fmean, median
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pydantic import ValidationError

from telcrm.errors import (
    ColumnTypeError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
    UnsupportedFrameError,
)
from telcrm.kpi.monthly_series.deviation import deviations
from telcrm.kpi.monthly_series.deviation_policy import DeviationMethod, DeviationPolicy

SHORT = {method: DeviationPolicy(method=method, min_history=3) for method in DeviationMethod}
policies = st.sampled_from(list(SHORT.values()))


some = settings(max_examples=10)


def months(count: int) -> list[date]:
    return [date(2015 + at // 12, at % 12 + 1, 1) for at in range(count)]


def judged(values: Sequence[float | None], policy: DeviationPolicy | None = None) -> pl.DataFrame:
    columns = {"period": months(len(values)), "x": values}
    frame = pl.DataFrame(columns, schema={"period": pl.Date, "x": pl.Float64})
    return deviations(frame, value="x", policy=policy)


def test_modified_z_scores() -> None:
    """Iglewicz & Hoaglin (1993): 0.6745 (x - median) / MAD, here 0.6745 * 5.75 / 0.15 by hand."""
    past = [2.1, 2.6, 2.4, 2.5, 2.3, 2.1, 2.3, 2.6, 8.2, 8.3]
    last = judged([*past, 8.2], DeviationPolicy(min_history=10)).row(-1, named=True)
    assert last["expected"] == pytest.approx(2.45)
    assert last["score"] == pytest.approx(0.6745 * 5.75 / 0.15)
    assert last["upper"] == pytest.approx(2.45 + 3.5 * 0.15 / 0.6745)
    assert last["deviates"]


def test_limits_of_individual_values() -> None:
    """Montgomery, Introduction to Statistical Quality Control, mortgage loan costs: mean 300.5,
    mean moving range 7.79, limits 279.78 and 321.22.
    """
    costs = [310, 288, 297, 298, 307, 303, 294, 297, 308, 306]
    costs += [294, 299, 297, 299, 314, 295, 293, 306, 301, 304]
    last = judged([*costs, 322], DeviationPolicy(method="xmr")).row(-1, named=True)
    assert last["expected"] == 300.5
    # 2.66 is 3 / 1.128 to two decimals.
    assert_allclose([last["lower"], last["upper"]], [279.78, 321.22], atol=0.01)
    assert last["deviates"]
    assert last["score"] > 3


def test_a_trend_line_follows_a_growing_base() -> None:
    random = Random(3)  # noqa: S311 (noise, not a secret)
    base = [1000.0 + 20 * at + random.gauss(0, 4) for at in range(48)]
    base[40] -= 120
    line = judged(base, DeviationPolicy(method="trend_line"))
    assert line.filter("deviates")["period"].to_list() == [months(48)[40]]
    assert line["expected"][47] == pytest.approx(1940, abs=10)
    still = judged(base)
    assert still["deviates"].sum() == 0, "a median of a growing past has a wide spread"


def test_a_season_is_expected() -> None:
    random = Random(5)  # noqa: S311 (noise, not a secret)
    wave = [0, -30, 5, 10, 20, 30, 60, 55, 15, 0, -10, 90]
    sales = [500 + wave[at % 12] + at + random.gauss(0, 3) for at in range(60)]
    sales[50] += 45  # March: unremarkable beside December, but not for a March
    seasonal = judged(sales, DeviationPolicy(method="seasonal_naive"))
    assert seasonal.filter("deviates")["period"].to_list() == [months(60)[50]]
    assert judged(sales)["deviates"][50] is False


@pytest.mark.parametrize("method", DeviationMethod)
def test_planted_shocks_are_found_and_noise_is_left_alone(method: DeviationMethod) -> None:
    """The docstring's rates of false alarms: 0.7, 1.2, 0.9 and 0.9 %."""
    random = Random(11)  # noqa: S311 (noise, not a secret)
    policy = DeviationPolicy(method=method)
    series, count = 25, 60
    rows = []
    for nth in range(series):
        shock = random.randrange(36, count)
        for at, period in enumerate(months(count)):
            noise = random.gauss(100, 5)
            rows.append(
                (f"{nth:02}", period, noise, noise + (50 if at == shock else 0), at == shock)
            )
    frame = pl.DataFrame(rows, schema=["by", "period", "noise", "shaken", "shock"], orient="row")
    calm = deviations(frame, value="noise", by="by", policy=policy)["deviates"].drop_nulls()
    assert len(calm) >= series * 36
    assert 0.002 < calm.mean() < 0.02  # type: ignore[operator]
    shaken = deviations(frame, value="shaken", by="by", policy=policy)
    found = shaken.join(frame.filter("shock"), on=["by", "period"])["deviates"]
    assert found.sum() >= 0.95 * series


series = st.lists(st.none() | st.integers(-9, 9).map(float), min_size=4, max_size=40)


@some
@given(series, policies, st.data())
def test_no_row_hangs_on_what_comes_later(
    values: list[float | None], policy: DeviationPolicy, data: st.DataObject
) -> None:
    values[0] = 1.0
    cut = data.draw(st.integers(1, len(values)))
    later = data.draw(st.lists(st.integers(-99, 99).map(float), max_size=5))
    known = max(at for at in range(cut) if values[at] is not None) + 1
    whole = judged([*values[:cut], *later], policy).head(known)
    assert whole.equals(judged(values[:cut], policy))


@some
@given(series, policies)
def test_flags_agree_with_limits_and_scores(
    values: list[float | None], policy: DeviationPolicy
) -> None:
    for row in judged(values, policy).iter_rows(named=True):
        assert (row["expected"] is None) == (row["lower"] is None) == (row["upper"] is None)
        if row["deviates"] is None:
            assert row["score"] is None
            assert row["x"] is None or row["expected"] is None
            continue
        assert row["history"] >= 3
        assert row["lower"] <= row["expected"] <= row["upper"]
        assert row["deviates"] or row["lower"] - 1e-6 <= row["x"] <= row["upper"] + 1e-6
        if row["score"] is None:
            assert row["deviates"]
            assert row["lower"] == row["upper"] != row["x"]
        else:
            assert row["deviates"] == (abs(row["score"]) >= policy.limit)


@some
@given(series, policies, st.integers(1, 5), st.integers(-50, 50))
def test_units_do_not_matter(
    values: list[float | None], policy: DeviationPolicy, factor: int, level: int
) -> None:
    moved = [None if value is None else factor * value + level for value in values]
    for one, other in zip(
        judged(values, policy).iter_rows(named=True),
        judged(moved, policy).iter_rows(named=True),
        strict=True,
    ):
        assert one["history"] == other["history"]
        if one["score"] is not None and other["score"] is not None:
            assert one["score"] == pytest.approx(other["score"], rel=1e-6, abs=1e-6)


@some
@given(st.lists(st.integers(-9, 9).map(float), min_size=6, max_size=20))
def test_the_default_against_an_oracle(values: list[float]) -> None:
    policy = DeviationPolicy(window_months=6, min_history=5)
    told = judged(values, policy)
    for at, row in enumerate(told.iter_rows(named=True)):
        past = values[max(0, at - 6) : at]
        if len(past) < 5:
            assert row["expected"] is None
            continue
        middle = median(past)
        mad = median(abs(x - middle) for x in past)
        spread = mad / 0.6745 or 1.253314 * fmean(abs(x - middle) for x in past)
        assert row["expected"] == middle
        assert row["upper"] == pytest.approx(middle + 3.5 * spread)


def test_a_past_without_variation() -> None:
    told = judged([0.1 + 0.2] * 6 + [0.3] * 6 + [0.3, 0.31])
    assert told["deviates"].to_list()[-2:] == [False, True]
    assert told["score"].to_list()[-2:] == [0.0, None]
    # Most months alike: the mean deviation takes the place of a median deviation of 0.
    mostly = judged([5.0] * 11 + [6.0, 5.5])
    assert mostly["score"][-1] == pytest.approx(0.5 / (1.253314 / 12))


def test_gaps_are_expected_but_not_judged() -> None:
    values: list[float | None] = [float(at % 3) for at in range(15)]
    values[5] = values[12] = None
    told = judged(values)
    assert told["history"].to_list() == [*range(6), *range(5, 12), 11, 12]
    assert told["deviates"].to_list() == [None] * 14 + [False]
    expected = judged([*values[:12], None, None, 1.0], DeviationPolicy(min_history=11))
    assert expected["expected"][12:].to_list() == [1.0, 1.0, 1.0]
    assert expected["deviates"][12:].to_list() == [None, None, False]
    chart = judged([1.0, None, 3.0, None, 5.0], SHORT[DeviationMethod.XMR])
    assert chart["expected"].to_list() == [None] * 5, "no two months follow on each other"


def test_the_window_forgets() -> None:
    values = [0.0, 1.0] * 10 + [100.0, 101.0] * 6
    policy = DeviationPolicy(window_months=8, min_history=8)
    told = judged(values, policy)
    assert told["deviates"][20]
    assert told["expected"][-1] == 100.5
    assert told["history"].max() == 8
    assert judged(values, policy.replace(window_months=None))["history"][-1] == 31


def test_deviations_on_every_engine(backend: Any) -> None:
    random = Random(2)  # noqa: S311 (noise, not a secret)
    rows = [
        (segment, period, None if at == 7 else random.choice([9.0, 10.0, 11.0]))
        for segment in ("mass", "business")
        for at, period in enumerate(months(20))
        if (segment, at) != ("mass", 4)
    ]
    rows[-1] = ("business", rows[-1][1], 99.0)
    columns = {
        name: list(column)
        for name, column in zip(("segment", "period", "lost"), zip(*rows, strict=True), strict=True)
    }
    result = deviations(backend.frame(columns), value="lost", by="segment")
    assert backend.is_own(result)
    told = backend.rows(result)
    assert [(row["period"], row["segment"]) for row in told] == sorted(
        (period, segment) for period in months(20) for segment in ("business", "mass")
    )
    assert list(told[0]) == [
        "period",
        "segment",
        "lost",
        "expected",
        "lower",
        "upper",
        "score",
        "deviates",
        "history",
    ]
    assert told[-2]["deviates"] is True
    flagged = [row for row in told if row["deviates"]]
    assert flagged == [told[-2]]
    assert told[0]["deviates"] is None
    expected = deviations(pl.DataFrame(columns), value="lost", by="segment").to_dicts()
    assert [row["expected"] for row in told] == [row["expected"] for row in expected]


@settings(max_examples=3)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_is_nothing(backend: Any, random: Random) -> None:
    rows = list(zip(months(20), [float(at % 5) for at in range(19)] + [40.0], strict=True))
    mixed = random.sample(rows, len(rows))
    one, other = (
        backend.rows(
            deviations(
                backend.frame({"period": [r[0] for r in given], "x": [r[1] for r in given]}),
                value="x",
            )
        )
        for given in (rows, mixed)
    )
    assert one == other


def test_pandas_flags_know_null() -> None:
    frame = pd.DataFrame({"period": pd.to_datetime(pd.Series(months(2))), "x": [1.0, 2.0]})
    assert str(deviations(frame, value="x")["deviates"].dtype) == "boolean"


def test_no_rows() -> None:
    assert judged([]).height == 0
    assert judged([None, None]).height == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"method": "crystal_ball"},
        {"window_months": 2},
        {"window_months": 12.0},
        {"min_history": 2},
        {"min_history": True},
        {"season_months": 0},
        {"threshold": 0},
        {"threshold": float("inf")},
        {"treshold": 3},
    ],
)
def test_a_policy_is_checked(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DeviationPolicy(**fields)


def test_a_policy_is_stored() -> None:
    policy = DeviationPolicy(method="xmr", threshold=2.5, window_months=None)
    assert DeviationPolicy.from_json(policy.to_json()) == policy
    assert policy.limit == 2.5


def test_a_window_holds_its_history() -> None:
    with pytest.raises(ParameterError, match="Raise window_months"):
        judged([1.0], DeviationPolicy(window_months=6))


BAD: list[tuple[dict[str, list[Any]], dict[str, Any], type[Exception], str]] = [
    ({"period": months(1)}, {}, MissingColumnsError, "x"),
    ({"period": ["2024-01"], "x": [1.0]}, {}, ColumnTypeError, "period"),
    ({"period": [date(2024, 1, 2)], "x": [1.0]}, {}, InvalidTableError, "first day"),
    ({"period": months(1), "x": [float("inf")]}, {}, InvalidTableError, "finite"),
    ({"period": months(1) * 2, "x": [1.0, 2.0]}, {}, InvalidTableError, "several rows"),
    ({"period": months(1), "x": [1.0]}, {"by": "x"}, ParameterError, "x"),
    ({"period": months(1), "x": [1.0], "score": [1]}, {"by": "score"}, ParameterError, "score"),
]


@pytest.mark.parametrize(("columns", "keywords", "error", "words"), BAD)
def test_bad_tables_are_refused(
    columns: dict[str, list[Any]], keywords: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        deviations(pl.DataFrame(columns), value="x", **keywords)


def test_a_value_named_like_a_result_is_refused() -> None:
    with pytest.raises(ParameterError, match="score"):
        deviations(pl.DataFrame({"period": months(1), "score": [1.0]}), value="score")


def test_no_frame() -> None:
    with pytest.raises(UnsupportedFrameError):
        deviations([1, 2], value="x")

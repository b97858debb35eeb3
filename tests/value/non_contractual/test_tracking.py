"""Repeat purchases over time: counted by hand, and expected as the lifetimes package expects."""

from __future__ import annotations

import warnings
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.conftest import Backend
from tests.value.non_contractual.customers import known, stand_in, transactions

from telcrm.errors import InvalidTableError, MissingColumnsError, NotFittedError, ParameterError
from telcrm.value import (
    BetaGeoModel,
    CumulativeTransactions,
    ParetoNBDModel,
    TimeUnit,
    cumulative_transactions,
    summarize_transactions,
)

JAN = date(2024, 1, 1)
MODEL = known("bg_nbd")
BY_MONTH = known("bg_bb")


def recharges(*days: tuple[str, int]) -> pl.DataFrame:
    """Customers, and days since the first of January 2024."""
    rows = [(customer, JAN + timedelta(days=day)) for customer, day in days]
    schema = {"customer_id": pl.String, "at": pl.Date}
    return pl.DataFrame(rows, schema=schema, orient="row")


def until(day: int) -> date:
    return JAN + timedelta(days=day)


def peer(sales: pd.DataFrame, model: BetaGeoModel, days: int) -> pd.DataFrame:
    """What the lifetimes package says, week by week, with our parameters."""
    with warnings.catch_warnings():  # it was written for an older pandas
        warnings.simplefilter("ignore")
        from lifetimes import BetaGeoFitter
        from lifetimes.utils import expected_cumulative_transactions

        fitter = BetaGeoFitter()
        fitter.params_ = pd.Series(model.parameters_)
        told: pd.DataFrame = expected_cumulative_transactions(
            fitter, sales, "at", "customer_id", days, freq="D", freq_multiplier=7
        )
    return told


def cdnow() -> pd.DataFrame:
    """The sample of Fader & Hardie, as lifetimes brings it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifetimes.datasets import load_dataset

        raw = load_dataset("CDNOW_sample.txt", header=None, sep=r"\s+")
    return pd.DataFrame({"customer_id": raw[1], "at": pd.to_datetime(raw[2].astype(str))})


def simulated() -> pd.DataFrame:
    sales: pd.DataFrame = transactions().rename(columns={"id": "customer_id", "date": "at"})
    return sales


@pytest.mark.parametrize(
    ("load", "last"), [(cdnow, date(1998, 6, 30)), (simulated, date(2014, 12, 31))]
)
def test_lifetimes_counts_and_expects_the_same(load: Any, last: date) -> None:
    sales = load()
    model = BetaGeoModel().fit(summarize_transactions(sales, until=last))
    days = (last - sales["at"].min().date()).days
    theirs = peer(sales, model, days)
    ours = cumulative_transactions(sales, model=model, until=last, step=1 / 7)
    assert len(ours.time) == days + 1
    weeks = np.arange(1, days // 7 + 1) * 7
    assert_allclose(np.array(ours.expected)[weeks], theirs["predicted"], rtol=1e-9)
    # It leaves out the day that a week ends on, and expects purchases of that day.
    assert np.array(ours.actual)[weeks - 1].tolist() == theirs["actual"].tolist()


def test_the_model_tracks_cdnow() -> None:
    """Fader, Hardie & Lee (2005), figure 3: within 5 % of the actual sales after 78 weeks."""
    split: dict[str, Any] = {"until": date(1998, 6, 30), "calibration_until": date(1997, 9, 30)}
    sales = cdnow()
    model = BetaGeoModel().fit(summarize_transactions(sales, **split))
    tracked = cumulative_transactions(sales, model=model, **split)
    assert tracked.customers == 2357
    assert tracked.calibration_end == pytest.approx(272 / 7)
    assert tracked.expected[-1] == pytest.approx(tracked.actual[-1], rel=0.05)


def test_by_hand() -> None:
    sales = recharges(("a", 0), ("a", 3), ("b", 7), ("b", 7), ("b", 14), ("a", 20), ("a", 99))
    tracked = cumulative_transactions(sales, model=MODEL, until=until(20))
    assert tracked.time == pytest.approx((0, 1, 2, 20 / 7))
    assert tracked.actual == (0, 1, 2, 3)
    alone = MODEL.expected_new([1, 2, 20 / 7, 0, 1, 13 / 7])
    assert_allclose(tracked.expected, [0, *(alone[:3] + alone[3:])])
    assert tracked.customers == 2
    assert tracked.calibration_end is None


def test_who_comes_after_the_calibration_is_left_out() -> None:
    sales = recharges(("a", 0), ("a", 3), ("b", 10), ("b", 11))
    split: dict[str, Any] = {"until": until(14), "calibration_until": until(7)}
    tracked = cumulative_transactions(sales, model=MODEL, **split)
    assert tracked == cumulative_transactions(sales.head(2), model=MODEL, **split)
    assert tracked.customers == 1
    assert tracked.to_frame()["holdout"].to_list() == [False, False, True]


def test_whole_periods() -> None:
    sales = recharges(("a", 0), ("a", 3), ("a", 40), ("b", 59), ("b", 95))
    tracked = cumulative_transactions(
        sales, model=BY_MONTH, until=date(2024, 4, 30), granularity="month"
    )
    assert list(tracked.time) == [0, 1, 2, 3]
    assert list(tracked.actual) == [0, 1, 1, 2]
    lived = BY_MONTH.expected_new([0, 1, 2, 3])
    # 59 days after the first of January is the 29th of February.
    assert_allclose(tracked.expected, lived + np.array([0, 0, *lived[1:3]]))


def test_a_step_is_a_period_at_least() -> None:
    sales = recharges(("a", 0), ("a", 3))
    fine = cumulative_transactions(sales, model=MODEL, until=until(5), step=1e-9)
    assert fine.time == pytest.approx([day / 7 for day in range(6)])
    coarse = cumulative_transactions(sales, model=MODEL, until=until(5), step=100)
    assert coarse.time == pytest.approx((0, 5 / 7))
    assert coarse.actual == (0, 1)


histories = st.lists(
    st.tuples(st.sampled_from("abcde"), st.integers(0, 60)), min_size=1, max_size=30
)


@given(histories, st.integers(0, 70), st.sampled_from([0.2, 1.0, 2.5]))
def test_totals_are_those_of_the_summary(
    days: list[tuple[str, int]], last: int, step: float
) -> None:
    sales, day = recharges(*days), until(last)
    tracked = cumulative_transactions(sales, model=MODEL, until=day, step=step)
    summary = summarize_transactions(sales, until=day)
    assert tracked.customers == summary.height
    assert sum(tracked.actual[-1:]) == summary["frequency"].sum()
    own = MODEL.expected_new(summary["age"].to_numpy()).sum()
    assert sum(tracked.expected[-1:]) == pytest.approx(own)
    for rising in (tracked.time, tracked.actual, tracked.expected):
        assert all(before <= after for before, after in pairwise(rising))
    assert len(set(tracked.time)) == len(tracked.time)


def test_every_engine(distinct_backend: Backend) -> None:
    sales = recharges(("a", 0), ("a", 3), ("b", 7), ("b", 14), ("a", 20), ("c", 19))
    native = distinct_backend.frame(sales.to_dict(as_series=False))
    split: dict[str, Any] = {"until": until(21), "calibration_until": until(18)}
    assert cumulative_transactions(native, model=MODEL, **split) == cumulative_transactions(
        sales, model=MODEL, **split
    )


def test_nobody() -> None:
    nothing = cumulative_transactions(recharges(), model=MODEL, until=JAN)
    assert nothing == CumulativeTransactions(TimeUnit.WEEK, 0, (), (), (), None)
    assert repr(nothing) == "CumulativeTransactions(0 customers)"
    assert nothing.to_frame().height == 0


def test_what_it_shows() -> None:
    tracked = cumulative_transactions(
        recharges(("a", 0), ("a", 3)), model=MODEL, until=until(7), calibration_until=until(3)
    )
    assert repr(tracked).startswith("CumulativeTransactions(1 customers, 1.0 weeks: 1 repeat")
    assert "<th>holdout</th>" in tracked._repr_html_()
    frame = tracked.to_frame(backend="pandas")
    assert list(frame.columns) == ["time", "actual", "expected", "holdout"]


def test_refusals() -> None:
    sales = recharges(("a", 0), ("a", 3))
    with pytest.raises(NotFittedError):
        cumulative_transactions(sales, model=BetaGeoModel(), until=JAN)
    with pytest.raises(MissingColumnsError, match="day"):
        cumulative_transactions(sales, model=MODEL, until=JAN, at="day")
    with pytest.raises(InvalidTableError, match="null"):
        cumulative_transactions(
            sales.with_columns(at=pl.lit(None, pl.Date)), model=MODEL, until=JAN
        )
    with pytest.raises(ParameterError, match="before the period"):
        cumulative_transactions(sales, model=MODEL, until=JAN, calibration_until=JAN)
    with pytest.raises(ParameterError, match="no fixed"):
        cumulative_transactions(sales, model=MODEL, until=JAN, granularity="month")
    with pytest.raises(ParameterError, match='granularity="month"'):
        cumulative_transactions(sales, model=BY_MONTH, until=JAN)
    for step in (0, -1.0, float("nan"), True):
        with pytest.raises(ParameterError, match="step is"):
            cumulative_transactions(sales, model=MODEL, until=JAN, step=step)


def test_covariates_are_refused() -> None:
    model = stand_in(ParetoNBDModel(rate_covariates=["dealer"]), (0.9, 8.0, 1.4, 20.0, 0.5))
    with pytest.raises(ParameterError, match="dealer"):
        cumulative_transactions(recharges(("a", 0)), model=model, until=JAN)

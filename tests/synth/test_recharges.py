"""Recharges against the closed forms of BG/NBD and Gamma-Gamma."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import hyp2f1

from telcrm.errors import ParameterError
from telcrm.synth import CustomerBase, Operator, RechargeProcess, WinBack
from telcrm.synth.columns import Floats
from telcrm.synth.recharges import draw_survivors, draw_times

with warnings.catch_warnings():
    # lifetimes is archived and sets a pandas option that pandas 3 has deprecated.
    warnings.simplefilter("ignore")
    from lifetimes import BetaGeoFitter

WITHOUT_RETURN = WinBack(share=0.0)


def expected_repeats(process: RechargeProcess, weeks: Floats) -> Floats:
    """Equation 9 of Fader, Hardie and Lee (2005), Marketing Science 24(2)."""
    r, alpha, a, b = process.r, process.alpha, process.a, process.b
    term = (alpha / (alpha + weeks)) ** r * hyp2f1(r, b, a + b - 1, weeks / (alpha + weeks))
    expected: Floats = (a + b - 1) / (a - 1) * (1 - term)
    return expected


@pytest.fixture(scope="module")
def prepaid() -> Operator:
    return Operator(
        subscribers=2_000,
        months=12,
        seed=5,
        win_back=WITHOUT_RETURN,
        base=CustomerBase(prepaid_share=1.0, organization_share=0.0, gross_adds=1.0),
        recharges=RechargeProcess(a=1.4, b=14.0),
    )


def joined(operator: Operator, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of lines whose history began in the window, so that time zero is in the table."""
    truth = operator.truth
    inside = truth.recharge_began_at >= np.datetime64(operator.first_period)
    keys = pl.DataFrame({"subscription_id": truth.subscription_id[inside]})
    return rows.join(keys, on="subscription_id", how="semi")


@pytest.fixture(scope="module")
def summary(prepaid: Operator) -> pd.DataFrame:
    log = joined(prepaid, prepaid.tables(["recharges"])["recharges"])
    end = np.datetime64("2026-01-01", "s")
    frame = (
        log.sort("recharged_at")
        .group_by("subscription_id", maintain_order=True)
        .agg(
            pl.len().alias("count"),
            pl.col("recharged_at").min().alias("first"),
            pl.col("recharged_at").max().alias("last"),
            pl.col("amount").mean(),
        )
    )
    week = 7 * 86_400_000_000
    first = frame["first"].dt.epoch("us").to_numpy()
    last = frame["last"].dt.epoch("us").to_numpy()
    until = end.astype("datetime64[us]").astype(np.int64)
    return pd.DataFrame(
        {
            "frequency": frame["count"].to_numpy().astype(float) - 1,
            "recency": (last - first) / week,
            "T": (until - first) / week,
            "amount": frame["amount"].to_numpy(),
        }
    )


def test_mean_repeats_are_the_closed_form(prepaid: Operator, summary: pd.DataFrame) -> None:
    gap = summary["frequency"] - expected_repeats(prepaid.recharges, summary["T"].to_numpy())
    assert abs(gap.mean()) < 4 * summary["frequency"].std() / np.sqrt(len(summary))


@pytest.mark.parametrize("weeks", [1.0, 8.0, 52.0])
def test_mean_repeats_at_fixed_horizons(weeks: float) -> None:
    process, size = RechargeProcess(), 60_000
    rng = np.random.default_rng(7)
    rate = rng.gamma(process.r, 1 / process.alpha, size)
    dropout = rng.beta(process.a, process.b, size)
    who, _, _ = draw_times(rng, rate / 7, dropout, np.zeros(size), weeks * 7)
    repeats = np.bincount(who, minlength=size) - 1
    error = repeats.std() / np.sqrt(size)
    assert repeats.mean() == pytest.approx(
        float(expected_repeats(process, np.array(weeks))), abs=4 * error
    )


def test_lifetimes_recovers_the_parameters(prepaid: Operator, summary: pd.DataFrame) -> None:
    with np.errstate(all="ignore"):
        fitted = BetaGeoFitter().fit(summary["frequency"], summary["recency"], summary["T"])
    process = prepaid.recharges
    truth = {"r": process.r, "alpha": process.alpha, "a": process.a, "b": process.b}
    for name, value in truth.items():
        assert fitted.params_[name] == pytest.approx(value, rel=0.15), name


def test_mean_amount_of_a_line_is_the_closed_form(summary: pd.DataFrame) -> None:
    process = RechargeProcess()
    mean = process.amount_shape * process.amount_v / (process.amount_q - 1)
    error = summary["amount"].std() / np.sqrt(len(summary))
    assert summary["amount"].mean() == pytest.approx(mean, abs=4 * error)


def test_amounts_are_gamma_gamma(prepaid: Operator) -> None:
    log = prepaid.tables(["recharges"])["recharges"]
    truth, process = prepaid.truth, prepaid.recharges
    rates = pl.DataFrame({"subscription_id": truth.subscription_id, "nu": truth.spend_rate})
    first = log.unique("subscription_id", keep="first", maintain_order=True)
    scaled = first.join(rates, on="subscription_id")
    drawn = (scaled["amount"] * scaled["nu"]).to_numpy()
    assert stats.kstest(drawn, stats.gamma(process.amount_shape).cdf).pvalue > 0.001
    spread = stats.gamma(process.amount_q, scale=1 / process.amount_v)
    assert stats.kstest(truth.spend_rate[truth.prepaid], spread.cdf).pvalue > 0.001


def test_amounts_follow_the_lines_own_rate(prepaid: Operator) -> None:
    log = prepaid.tables(["recharges"])["recharges"].to_pandas()
    truth = prepaid.truth
    mean = dict(
        zip(truth.subscription_id, prepaid.recharges.amount_shape / truth.spend_rate, strict=True)
    )
    ratio = log["amount"] / log["subscription_id"].map(mean)
    assert ratio.mean() == pytest.approx(1.0, abs=4 * ratio.std() / np.sqrt(len(ratio)))


def test_lost_subscribers_stop_and_their_line_ends_with_the_credit(prepaid: Operator) -> None:
    frames = prepaid.tables(["recharges", "subscriptions"])
    last = frames["recharges"].group_by("subscription_id").agg(pl.col("recharged_at").max())
    ended = frames["subscriptions"].drop_nulls("terminated_on").join(last, on="subscription_id")
    days = (ended["terminated_on"] - ended["recharged_at"].dt.date()).dt.total_days()
    assert ended.height > 1_000
    assert days.is_between(29, 31).all()
    truth = prepaid.truth
    lost = ~np.isnat(truth.recharge_lost_at)
    left = ~np.isnat(truth.leave_period)
    assert (lost | ~left).all()


def test_revenue_is_recharges_spread_over_their_validity(prepaid: Operator) -> None:
    frames = prepaid.tables(["recharges", "subscriber_months"])
    log, rows = (joined(prepaid, frames[name]) for name in ("recharges", "subscriber_months"))
    early = pl.col("recharged_at") < pl.datetime(2025, 12, 2, time_zone="UTC")
    whole = float(log.filter(early)["amount"].sum())
    edges = float(log.filter(~early)["amount"].sum())
    assert whole < float(rows["revenue"].sum()) < whole + edges


def test_the_first_months_are_like_the_later_ones() -> None:
    operator = Operator(
        subscribers=30_000,
        seed=2,
        base=CustomerBase(prepaid_share=1.0, organization_share=0.0, second_line=0.0),
    )
    frames = operator.tables(["recharges", "subscriber_months"])
    month = frames["subscriber_months"].group_by("period").agg(pl.col("revenue").mean(), pl.len())
    month = month.sort("period")
    days = month["period"].dt.month_end().dt.day().to_numpy()
    revenue = month["revenue"].to_numpy() / days
    assert revenue[:3].mean() == pytest.approx(revenue[-3:].mean(), rel=0.03)
    assert np.abs(revenue / revenue.mean() - 1).max() < 0.05
    recharges = frames["recharges"].group_by(pl.col("recharged_at").dt.month()).len()
    a_day = recharges.sort("recharged_at")["len"].to_numpy() / month["len"].to_numpy() / days
    assert a_day[:3].mean() == pytest.approx(a_day[-3:].mean(), rel=0.04)


def test_the_table_begins_with_the_window(operator: Operator) -> None:
    log = operator.tables(["recharges"])["recharges"]["recharged_at"]
    assert log.min().date() == operator.first_period


def test_histories_begin_with_the_activation(
    operator: Operator, tables: dict[str, pl.DataFrame]
) -> None:
    truth, lines = operator.truth, tables["subscriptions"]
    activated = lines["activated_on"].to_numpy()
    assert (np.isnat(truth.recharge_began_at) == ~truth.prepaid).all()
    began = truth.recharge_began_at[truth.prepaid].astype("datetime64[D]")
    assert (began == activated[truth.prepaid]).all()


@given(weeks=st.sampled_from([0.0, 2.0, 15.0, 60.0]), seed=st.integers(0, 3))
@settings(max_examples=6, deadline=None)
def test_the_opening_base_is_who_is_left(weeks: float, seed: int) -> None:
    process, size, days = RechargeProcess(a=1.4, b=14.0), 40_000, weeks * 7
    rng = np.random.default_rng(seed)
    rate = rng.gamma(process.r, 1 / process.alpha, size)
    dropout = rng.beta(process.a, process.b, size)
    _, _, lost = draw_times(rng, rate / 7, dropout, np.zeros(size), days)
    left = np.isnan(lost)
    drawn = draw_survivors(rng, process, np.full(8_000, weeks))
    for simulated, straight in zip((rate[left], dropout[left]), drawn, strict=True):
        assert stats.ks_2samp(simulated, straight).pvalue > 1e-5


def test_a_process_that_leaves_nobody_is_refused() -> None:
    hasty = RechargeProcess(r=60.0, alpha=1.0, a=500.0, b=1.0)
    with pytest.raises(ParameterError, match="mean_tenure_months"):
        Operator(subscribers=200, months=2, recharges=hasty).tables(["recharges"])


def test_a_running_history_has_no_recharge_at_its_start() -> None:
    rng = np.random.default_rng(1)
    who, day, _ = draw_times(
        rng,
        np.array([0.2, 0.2, 0.0]),
        np.full(3, 0.05),
        np.full(3, 3.0),
        90.0,
        running=np.array([True, False, True]),
    )
    assert (day[who == 0] > 3.0).all()
    assert day[who == 1][0] == 3.0
    assert not (who == 2).any()


@given(
    rate=st.lists(st.floats(0.0, 2.0), min_size=1, max_size=8),
    dropout=st.floats(0.001, 1.0),
    horizon=st.floats(0.0, 200.0),
    seed=st.integers(0, 1000),
)
def test_histories_are_ordered_and_inside(
    rate: list[float], dropout: float, horizon: float, seed: int
) -> None:
    size = len(rate)
    who, day, last = draw_times(
        np.random.default_rng(seed),
        np.array(rate),
        np.full(size, dropout),
        np.arange(size) * 1.0,
        horizon,
    )
    assert np.unique(who).size == size
    for number in range(size):
        own = day[who == number]
        assert own[0] == number
        assert (np.diff(own) >= 0).all()
        assert own[-1] <= max(horizon, number) + 1e-6
        if not np.isnan(last[number]):
            assert last[number] == own[-1]
            assert own.size >= 2

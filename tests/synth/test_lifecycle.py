"""Spells, returns, plan changes and what the subscriptions table says about them."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from scipy import stats

from telcrm.synth import Operator
from telcrm.synth.columns import Ints


def month_numbers(periods: object) -> Ints:
    numbers: Ints = (np.asarray(periods) - np.datetime64("2025-01", "M")).astype(np.int64)
    return numbers


@pytest.fixture(scope="module")
def active(operator: Operator, tables: dict[str, pl.DataFrame]) -> Ints:
    """Rows of subscriber_months by (line, month): 0 or 1."""
    ids = pl.DataFrame({"subscription_id": operator.truth.subscription_id}).with_row_index("line")
    rows = tables["subscriber_months"].join(ids, on="subscription_id")
    matrix = np.zeros((ids.height, operator.months), dtype=np.int64)
    matrix[rows["line"].to_numpy(), rows["period"].dt.month().to_numpy() - 1] += 1
    return matrix


def test_rows_stand_for_the_spells_of_the_truth(
    operator: Operator, tables: dict[str, pl.DataFrame], active: Ints
) -> None:
    truth = operator.truth
    start = tables["subscriptions"]["activated_on"].to_numpy().astype("datetime64[M]")
    months = np.datetime64("2025-01", "M") + np.arange(operator.months)
    expected = (months >= start[:, None]) & ~(months > truth.leave_period[:, None])
    back = (months >= truth.return_period[:, None]) & ~(months > truth.second_leave_period[:, None])
    assert (active == (expected | back)).all()


def test_win_backs_pause_for_a_month_at_least_and_were_not_cut_off(operator: Operator) -> None:
    truth = operator.truth
    back = ~np.isnat(truth.return_period)
    assert back.sum() > 100
    gap = month_numbers(truth.return_period[back]) - month_numbers(truth.leave_period[back])
    assert gap.min() >= 2
    assert not (truth.leave_reason[back] == "involuntary").any()


def test_share_of_win_backs_among_early_leavers(operator: Operator) -> None:
    truth = operator.truth
    early = np.isin(truth.leave_reason, ["voluntary", "port_out"])
    early &= truth.leave_period <= np.datetime64("2025-02", "M")
    returned = int((~np.isnat(truth.return_period) & early).sum())
    # Returns after the window are not seen; with a mean gap of two months that is 1 in 300.
    test = stats.binomtest(returned, int(early.sum()), operator.win_back.share)
    assert test.pvalue > 0.001


def test_subscriptions_say_who_is_gone_since_when_and_why(
    operator: Operator, tables: dict[str, pl.DataFrame], active: Ints
) -> None:
    frame, truth = tables["subscriptions"], operator.truth
    gone = (frame["status"] == "terminated").to_numpy()
    left, back = ~np.isnat(truth.leave_period), ~np.isnat(truth.return_period)
    assert (gone == np.where(back, ~np.isnat(truth.second_leave_period), left)).all()
    ended = frame.filter(pl.Series(gone))
    assert ended["terminated_on"].null_count() == 0
    last_month = operator.months - 1 - np.argmax(active[gone][:, ::-1], axis=1)
    assert (ended["terminated_on"].dt.month().to_numpy() - 1 == last_month).all()
    final = np.where(back, truth.second_leave_reason, truth.leave_reason)
    assert (ended["termination_reason"].to_numpy() == final[gone]).all()
    assert frame.filter(pl.Series(~gone))["terminated_on"].null_count() == (~gone).sum()


def test_tenure_counts_from_activation_or_return(
    operator: Operator, tables: dict[str, pl.DataFrame]
) -> None:
    truth = operator.truth
    back = pl.DataFrame(
        {"subscription_id": truth.subscription_id, "back": truth.return_period.astype("M8[D]")}
    )
    rows = (
        tables["subscriber_months"]
        .join(tables["subscriptions"].select("subscription_id", "activated_on"), "subscription_id")
        .join(back, on="subscription_id")
        .with_columns(
            pl.when(pl.col("back") <= pl.col("period"))
            .then("back")
            .otherwise("activated_on")
            .alias("begin")
        )
    )
    begin, period = rows["begin"].dt, rows["period"].dt
    whole = (period.year() - begin.year()) * 12 + period.month().cast(pl.Int32) - begin.month()
    assert (rows["tenure_months"] == whole).all()


def test_plans_move_one_step_at_the_documented_pace(
    operator: Operator, tables: dict[str, pl.DataFrame]
) -> None:
    order = {plan.offer_id: number for number, plan in enumerate(operator.plans)}
    rows = (
        tables["subscriber_months"]
        .filter(pl.col("payment_mode") == "postpaid")
        .with_columns(pl.col("offer_id").replace_strict(order).alias("rank"))
        .sort("subscription_id", "period")
        .with_columns(pl.col("rank").diff().over("subscription_id").alias("step"))
        .drop_nulls("step")
    )
    assert set(rows["step"].unique()) == {-1, 0, 1}
    inner = rows.filter((pl.col("rank") - pl.col("step")).is_between(3, 4))
    up = int((inner["step"] == 1).sum())
    # In the month of activation the plan cannot change, so the pace is a little below the rate.
    assert up / inner.height == pytest.approx(operator.plan_changes.upgrade, rel=0.2)
    assert (rows["step"] == -1).sum() > 100
    prepaid = tables["subscriber_months"].filter(pl.col("payment_mode") == "prepaid")
    assert (
        prepaid.group_by("subscription_id").agg(pl.col("offer_id").n_unique())["offer_id"].max()
        == 1
    )


def test_commitments_are_for_postpaid_lines_and_end_with_a_month(
    tables: dict[str, pl.DataFrame],
) -> None:
    committed = tables["subscriptions"].drop_nulls("commitment_end")
    assert (committed["payment_mode"] == "postpaid").all()
    assert (committed["commitment_end"] == committed["commitment_end"].dt.month_end()).all()
    assert (committed["commitment_end"] > committed["activated_on"]).all()
    assert (committed["commitment_end"] > date(2025, 12, 31)).any()


def test_customers_are_closed_when_no_line_is_left(tables: dict[str, pl.DataFrame]) -> None:
    live = tables["subscriptions"].filter(pl.col("status") != "terminated")["customer_id"]
    customers = tables["customers"].with_columns(pl.col("customer_id").is_in(live).alias("live"))
    assert (customers["live"] == (customers["status"] == "active")).all()
    assert (customers["status"] == "closed").any()


def test_leavers_by_choice_use_less_in_their_last_month(
    operator: Operator, tables: dict[str, pl.DataFrame]
) -> None:
    truth = operator.truth
    labels = pl.DataFrame(
        {
            "subscription_id": truth.subscription_id,
            "leave": truth.leave_period.astype("M8[D]"),
            "reason": truth.leave_reason,
        }
    ).filter(pl.col("leave") >= date(2025, 4, 1))
    rows = tables["subscriber_months"].join(labels, on="subscription_id")
    last = rows.filter(pl.col("period") == pl.col("leave"))
    before = rows.filter(pl.col("period") == pl.col("leave").dt.offset_by("-3mo"))
    both = last.join(before, on="subscription_id", suffix="_before")
    ratio = both.with_columns(ratio=pl.col("voice_s") / pl.col("voice_s_before"))
    willing = ratio.filter(pl.col("reason") != "involuntary")["ratio"].median()
    cut_off = ratio.filter(pl.col("reason") == "involuntary")["ratio"].median()
    assert willing == pytest.approx(operator.usage.leaving_dip, rel=0.06)
    assert cut_off == pytest.approx(1.0, rel=0.1)

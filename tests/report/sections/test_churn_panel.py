"""A report learns only from what was known on the day of its test."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from telcrm.report.sections import churn_panel
from telcrm.report.sections.chapter import NothingToReport
from telcrm.report.sections.churn_panel import ChurnRows, churn_rows, lines_known_on
from telcrm.report.sources import Sources, prepare
from telcrm.synth import Operator

DAY = date(2025, 12, 31)
TABLES = ("subscriptions", "subscriber_months", "recharges", "complaints")


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    made = Operator(subscribers=700, months=13, seed=8).tables(backend="polars")
    return {name: made[name] for name in TABLES}


@pytest.fixture(scope="module")
def sources(tables: dict[str, pl.DataFrame]) -> Sources:
    return prepare(tables, as_of=DAY, currency=None)


@pytest.fixture(scope="module")
def rows(sources: Sources) -> ChurnRows:
    return churn_rows(sources)


def test_nothing_is_learnt_that_was_not_known_on_the_day_of_the_test(rows: ChurnRows) -> None:
    keys = rows.learn.select("snapshot", "payment_mode").unique().rows()
    assert {mode for _, mode in keys} == {"postpaid", "prepaid"}
    for snapshot, mode in keys:
        assert rows.window.known_from(snapshot, payment_mode=mode) <= rows.tested_on


def test_test_and_today_are_later(rows: ChurnRows) -> None:
    assert rows.test["snapshot"].unique().to_list() == [rows.tested_on]
    assert rows.test["churned"].null_count() == 0
    assert rows.tested_on == date(2025, 8, 1)  # the last whose prepaid lines are known: 150 days
    assert rows.today["snapshot"].unique().to_list() == [date(2026, 1, 1)]
    assert rows.today["churned"].null_count() == rows.today.height


def test_states_of_today_are_no_features(rows: ChurnRows) -> None:
    assert not {"months_to_contract_end", "commitment_phase"} & set(rows.features)
    assert {"payment_mode", "tenure_months"} <= set(rows.features)


def test_what_happens_later_changes_nothing(
    tables: dict[str, pl.DataFrame], sources: Sources, rows: ChurnRows
) -> None:
    """Lines that end after the as-of date look as they did on it."""
    later = (pl.col("terminated_on") > DAY).fill_null(value=False)
    assert tables["subscriptions"].select(later.any()).item()
    lines = lines_known_on(sources)
    assert lines.filter(pl.col("terminated_on") > DAY).is_empty()
    unaware = tables["subscriptions"].with_columns(
        pl.when(~later).then(pl.col("terminated_on")),
        pl.when(~later).then(pl.col("termination_reason")),
        status=pl.when(later).then(pl.lit("active")).otherwise(pl.col("status")),
    )
    again = churn_rows(prepare({**tables, "subscriptions": unaware}, as_of=DAY, currency=None))
    for name in ("learn", "test", "today"):
        key = ["snapshot", "subscription_id"]
        assert_frame_equal(getattr(again, name).sort(key), getattr(rows, name).sort(key))


def test_columns_that_have_moved_far_are_left_out(rows: ChurnRows) -> None:
    """Tables that begin with the year cannot tell of longer than that, and learn of less."""
    assert "days_since_complaint" not in rows.features
    assert any("left out, whose values" in each for each in rows.said)


def test_large_bases_are_sampled_by_customer(
    sources: Sources, rows: ChurnRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(churn_panel, "_MOST_LINES", 400)
    some, again = churn_rows(sources), churn_rows(sources)
    assert_frame_equal(some.today, again.today)
    assert rows.scale == 1.0
    assert 250 < some.sampled < 550
    assert some.lines == rows.lines
    assert some.scale == some.lines / some.sampled
    chosen = set(some.today["customer_id"])
    whole = rows.today.filter(pl.col("customer_id").is_in(list(chosen)))
    assert set(some.today["subscription_id"]) == set(whole["subscription_id"])


def test_a_short_history_has_no_prepaid_lines(sources: Sources) -> None:
    """Whether one has left is known 150 days after a snapshot, and another such is needed."""
    recent = {
        "subscriber_months": sources["subscriber_months"].filter(
            pl.col("period") >= date(2025, 5, 1)
        ),
        "recharges": sources["recharges"].filter(
            pl.col("recharged_at").dt.date() >= date(2025, 5, 1)
        ),
    }
    short = replace(sources, frames={"subscriptions": sources["subscriptions"], **recent})
    found = churn_rows(short)
    assert set(found.today["payment_mode"]) == {"postpaid"}
    assert any("Prepaid lines are left out" in each for each in found.said)


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ({}, "do not reach back"),
        ({"subscriber_months": DAY - timedelta(days=70)}, "do not reach back"),
    ],
)
def test_without_history_there_is_nothing_to_learn(
    sources: Sources, frames: dict[str, date], reason: str
) -> None:
    kept = {name: sources[name].filter(pl.col("period") >= first) for name, first in frames.items()}
    bare = replace(sources, frames={"subscriptions": sources["subscriptions"], **kept})
    with pytest.raises(NothingToReport, match=reason):
        churn_rows(bare)


def test_few_lines_are_no_base(sources: Sources) -> None:
    few = {**sources.frames, "subscriptions": sources["subscriptions"].head(499)}
    with pytest.raises(NothingToReport, match="499 lines, and 500 are needed"):
        churn_rows(replace(sources, frames=few))
    undated = sources["subscriptions"].drop("activated_on")
    with pytest.raises(NothingToReport, match="activated"):
        churn_rows(replace(sources, frames={**sources.frames, "subscriptions": undated}))

"""Complaints, contacts and surveys."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from scipy import stats

from telcrm.synth import Operator


def test_complaints_come_at_their_rate(operator: Operator, tables: dict[str, pl.DataFrame]) -> None:
    process, truth = operator.care, operator.truth
    mean = process.complaints_per_month * np.exp(
        process.complaint_satisfaction * truth.satisfaction
    )
    rows = tables["subscriber_months"].group_by("subscription_id").len()
    by_line = dict(rows.iter_rows())
    months = np.array([by_line[key] for key in truth.subscription_id.tolist()])
    expected = float((mean * months).sum())
    assert tables["complaints"].height == pytest.approx(expected, abs=4 * np.sqrt(expected))


def test_complainers_are_the_dissatisfied(
    operator: Operator, tables: dict[str, pl.DataFrame]
) -> None:
    truth = operator.truth
    mood = (
        pl.DataFrame({"customer_id": truth.subscription_customer_id, "mood": truth.satisfaction})
        .group_by("customer_id")
        .agg(pl.col("mood").mean())
    )
    complained = mood.join(tables["complaints"], on="customer_id", how="semi")
    quiet = mood.join(tables["complaints"], on="customer_id", how="anti")
    assert complained["mood"].mean() < quiet["mood"].mean() - 0.2  # type: ignore[operator]


def test_open_complaints_have_no_end(tables: dict[str, pl.DataFrame]) -> None:
    frame = tables["complaints"]
    is_open = frame["status"].is_in(["acknowledged", "inProgress"])
    assert is_open.any()
    assert (is_open == frame["resolved_at"].is_null()).all()
    done = frame.drop_nulls("resolved_at")
    assert (done["resolved_at"] >= done["received_at"]).all()
    assert done["resolved_at"].max() < datetime(2026, 1, 1, tzinfo=UTC)  # type: ignore[operator]


def test_every_complaint_is_a_contact(tables: dict[str, pl.DataFrame]) -> None:
    contacts = tables["interactions"].filter(pl.col("reason") == "complaint")
    left = contacts.select("customer_id", "started_at").sort("started_at", "customer_id")
    right = tables["complaints"].select("customer_id", "received_at")
    right = right.rename({"received_at": "started_at"}).sort("started_at", "customer_id")
    assert left.equals(right)


def test_only_waiting_callers_give_up(tables: dict[str, pl.DataFrame]) -> None:
    frame = tables["interactions"]
    gone = frame.filter(pl.col("outcome") == "abandoned")
    waiting = frame.filter(
        (pl.col("channel") == "call_centre") & (pl.col("direction") == "inbound")
    )
    assert gone.height / waiting.height == pytest.approx(70 / (70 + 300), abs=0.02)
    assert (gone["duration_s"] == 0).all()
    assert (frame.filter(pl.col("channel") != "call_centre")["wait_s"] == 0).all()


@pytest.mark.parametrize(("kind", "low", "high"), [("nps", 0, 10), ("csat", 1, 5), ("ces", 1, 7)])
def test_scores_follow_satisfaction_on_their_scale(
    operator: Operator, tables: dict[str, pl.DataFrame], kind: str, low: int, high: int
) -> None:
    truth = operator.truth
    single = pl.DataFrame(
        {"customer_id": truth.subscription_customer_id, "mood": truth.satisfaction}
    ).filter(pl.col("customer_id").is_duplicated().not_())
    answers = tables["surveys"].filter(pl.col("kind") == kind).join(single, on="customer_id")
    assert answers["score"].min() == low
    assert answers["score"].max() == high
    assert stats.spearmanr(answers["score"], answers["mood"]).statistic > 0.5


def test_complainers_score_lower(tables: dict[str, pl.DataFrame]) -> None:
    nps = tables["surveys"].filter(pl.col("kind") == "nps")
    angry = nps.join(tables["complaints"], on="customer_id", how="semi")
    calm = nps.join(tables["complaints"], on="customer_id", how="anti")
    assert angry["score"].mean() < calm["score"].mean() - 0.5  # type: ignore[operator]

"""The section on lifetime value says what the models say, and where they have no answer, why."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from telcrm.report import Report, Section, build
from telcrm.synth import Operator
from telcrm.value import (
    DiscountRate,
    GammaGammaModel,
    ModifiedBetaGeoModel,
    customer_margin,
    lifetime_value,
    summarize_transactions,
    whale_curve,
)

DAY = date(2026, 6, 30)
TABLES = ("recharges", "subscriptions", "subscriber_months", "customers")


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    """A base that is large enough for its models to converge."""
    made = Operator(subscribers=900, months=18, seed=4).tables(backend="polars")
    return {name: made[name] for name in TABLES}


@pytest.fixture(scope="module")
def section(tables: dict[str, pl.DataFrame]) -> Section:
    return build(tables, as_of=DAY).section("lifetime")


def test_recharges_are_valued_as_the_models_do(
    section: Section, tables: dict[str, pl.DataFrame]
) -> None:
    summary = summarize_transactions(
        tables["recharges"], at="recharged_at", amount="amount", until=DAY
    )
    valued = lifetime_value(
        summary,
        purchases=ModifiedBetaGeoModel().fit(summary),
        spend=GammaGammaModel().fit(summary),
        discount_rate=DiscountRate(annual=0.1),
        horizon=365.25 / 7,
    )
    bands = section.exhibit("still_there").frame
    assert bands["customers"].sum() == summary.height
    assert bands["total"].sum() == pytest.approx(valued["lifetime_value"].sum(), rel=1e-9)
    best = section.exhibit("top_recharging").frame
    assert best["lifetime_value"].to_list() == pytest.approx(
        valued["lifetime_value"].sort(descending=True).head(10).to_list()
    )


def test_bands_go_by_the_chance_to_be_there(section: Section) -> None:
    bands = section.exhibit("still_there").frame
    assert bands["band"][0] == "below 20%"
    assert bands["purchases"].is_sorted()


def test_contracts_die_out(section: Section) -> None:
    curve = section.exhibit("contract_survival").frame
    assert curve["there"][0] == 1.0
    assert (np.diff(curve["there"].to_numpy()) <= 0).all()
    stayed = curve["there"].to_numpy()[1:] / curve["there"].to_numpy()[:-1]
    assert curve["stayed"].drop_nulls().to_list() == pytest.approx(stayed.tolist())


def test_the_whale_curve_is_that_of_the_last_year(
    section: Section, tables: dict[str, pl.DataFrame]
) -> None:
    recent = tables["subscriber_months"].filter(pl.col("period") >= date(2025, 7, 1))
    expected = whale_curve(customer_margin(recent)).to_frame()
    assert section.exhibit("whale_curve").frame.equals(expected)


def test_a_short_history_is_not_valued(tables: dict[str, pl.DataFrame]) -> None:
    recharges = tables["recharges"].filter(pl.col("recharged_at").dt.date() >= date(2026, 5, 1))
    report: Report = build({"recharges": recharges}, as_of=DAY)
    [skipped] = [each for each in report.skipped if each.section == "lifetime"]
    assert skipped.reason == "Recharges are known for less than 12 weeks."


def test_customers_who_never_came_back_have_no_model() -> None:
    once = pl.DataFrame(
        {
            "recharge_id": ["R-1", "R-2"],
            "customer_id": ["ann", "bob"],
            "recharged_at": [date(2026, 1, 5), date(2026, 2, 1)],
            "amount": [10.0, 20.0],
        }
    ).with_columns(pl.col("recharged_at").cast(pl.Datetime("us", "UTC")))
    report = build({"recharges": once}, as_of=DAY, currency="EUR")
    [skipped] = [each for each in report.skipped if each.section == "lifetime"]
    assert "none of 2 bought again" in skipped.reason


def test_contracts_that_nobody_left_have_no_curve(tables: dict[str, pl.DataFrame]) -> None:
    staying = tables["subscriptions"].filter(pl.col("terminated_on").is_null())
    report = build({"subscriptions": staying}, as_of=DAY)
    [skipped] = [each for each in report.skipped if each.section == "lifetime"]
    assert skipped.reason.startswith("No contract was terminated")

"""Profitability: margins by hand, and a reason where no cost is known."""

from __future__ import annotations

from datetime import date

import polars as pl

from telcrm.report import build

JAN, FEB = date(2026, 1, 1), date(2026, 2, 1)


def months(costs: list[float | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "subscription_id": ["1", "2", "3", "1", "2"],
            "customer_id": ["ann", "bob", "cid", "ann", "bob"],
            "period": [JAN, JAN, JAN, FEB, FEB],
            "revenue": [40.0, 10.0, 30.0, 40.0, 10.0],
            "direct_cost": costs,
        },
        schema_overrides={"direct_cost": pl.Float64},
    )


def test_margins_and_unprofitable_customers() -> None:
    section = build({"subscriber_months": months([10.0, 15.0, 5.0, 10.0, 15.0])}).section(
        "profitability"
    )
    table = section.exhibit("average_profit").frame
    assert table["margin"].to_list() == [50.0, 25.0]
    assert [figure.value for figure in section.figures] == ["12.50", "50.0%"]
    assert section.figures[0].detail == "Feb 2026; 50.0% of revenue"
    [lost] = section.exhibit("profit_lost").frame.iter_rows(named=True)
    assert (lost["period"], lost["lost"], lost["profit_lost"]) == (FEB, 1, 25.0)


def test_months_without_a_cost_are_left_out_and_counted() -> None:
    section = build({"subscriber_months": months([10.0, None, 5.0, 10.0, None])}).section(
        "profitability"
    )
    assert "2 subscriber-months without a direct cost are left out" in section.summary
    assert section.exhibit("average_profit").frame["customers"].to_list() == [2, 1]


def test_without_costs_the_section_is_skipped() -> None:
    built = build({"subscriber_months": months([None] * 5)})
    [skipped] = [each for each in built.skipped if each.section == "profitability"]
    assert skipped.reason == "subscriber_months holds no direct_cost"

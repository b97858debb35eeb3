"""Churn and retention say what a count by hand says, and nothing where nobody can have left."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from telcrm.report import Section, build

MONTHS = [date(2026, month, 1) for month in range(1, 6)]


def months(paid: dict[str, list[float | None]]) -> pl.DataFrame:
    """One subscription each, with what it paid month by month; None: it was not there."""
    rows = [
        {"subscription_id": who, "customer_id": who, "period": period, "revenue": amount}
        for who, amounts in paid.items()
        for period, amount in zip(MONTHS, amounts, strict=True)
        if amount is not None
    ]
    return pl.DataFrame(rows)


PAID: dict[str, list[float | None]] = {
    "ann": [10.0, 10.0, 10.0, 10.0, 15.0],
    "bob": [20.0, 20.0, 20.0, 20.0, None],
    "cid": [None, 30.0, 30.0, 30.0, 20.0],
    "dee": [None, None, 40.0, None, 40.0],
}


@pytest.fixture(scope="module")
def section() -> Section:
    return build({"subscriber_months": months(PAID)}).section("retention")


def test_the_churn_of_a_quarter_is_losses_over_average_bases(section: Section) -> None:
    """Bases 2, 3, 4, 3, 3; dee is lost in April, bob in May: 2 / (3.5 + 3.5 + 3)."""
    last = section.exhibit("churn").frame.row(-1, named=True)
    assert (last["lost"], last["base"]) == (2, 10.0)
    assert section.figures[0].value == "20.0%"
    assert section.figures[0].detail == "quarter to May 2026; 93.1% in a year"


def test_revenue_retention_follows_the_amounts(section: Section) -> None:
    """May opens with 60: 20 lost, 10 less of cid, 5 more of ann, 40 back of dee."""
    last = section.exhibit("revenue_retention").frame.row(-1, named=True)
    assert last["gross_retention"] == pytest.approx(1 - 30 / 60)
    assert last["net_retention"] == pytest.approx(1 - (30 - 5 - 40) / 60)
    assert [figure.value for figure in section.figures[1:]] == ["125.0%", "50.0%"]


def test_the_waterfall_is_that_of_the_last_month(section: Section) -> None:
    [row] = section.exhibit("waterfall").frame.iter_rows(named=True)
    assert (row["period"], row["opening_revenue"], row["closing_revenue"]) == (MONTHS[4], 60, 75)


def test_cohorts_begin_after_the_first_month(section: Section) -> None:
    """Who was there in January may have come at any time; unfinished ages have no row."""
    cohorts = section.exhibit("cohorts").frame
    assert cohorts.select("cohort", "age_months", "active").rows() == [
        (MONTHS[1], 0, 1),
        (MONTHS[1], 1, 1),
        (MONTHS[1], 2, 1),
        (MONTHS[1], 3, 1),
        (MONTHS[2], 0, 1),
        (MONTHS[2], 1, 0),
        (MONTHS[2], 2, 1),
    ]


def test_one_month_cannot_show_a_loss() -> None:
    one = build({"subscriber_months": months(PAID).filter(pl.col("period") == MONTHS[0])})
    [skipped] = [each for each in one.skipped if each.section == "retention"]
    assert "single month" in skipped.reason


def test_two_months_are_no_quarter() -> None:
    two = build({"subscriber_months": months(PAID).filter(pl.col("period") <= MONTHS[1])})
    section = two.section("retention")
    assert section.figures[0].detail == "Feb 2026; 0.0% in a year"
    assert "cohorts" not in {exhibit.name for exhibit in section.exhibits}


def test_reasons_are_those_known_on_the_day() -> None:
    lines = pl.DataFrame(
        {
            "subscription_id": ["1", "2", "3", "4"],
            "customer_id": ["a", "b", "c", "d"],
            "payment_mode": ["postpaid"] * 4,
            "status": ["active", "terminated", "terminated", "terminated"],
            "activated_on": [date(2025, 1, 1)] * 4,
            "terminated_on": [None, date(2026, 3, 2), date(2026, 4, 9), date(2026, 7, 1)],
            "termination_reason": [None, "voluntary", "port_out", "voluntary"],
        }
    )
    tables = {"subscriber_months": months(PAID), "subscriptions": lines}
    built = build(tables, as_of=date(2026, 5, 31))
    rates = built.section("retention").exhibit("reasons").frame
    lost = rates.filter(pl.col("lost") > 0)
    assert lost.select("period", "termination_reason", "lost", "base").rows() == [
        (date(2026, 3, 1), "voluntary", 1, 4.0),
        (date(2026, 4, 1), "port_out", 1, 3.0),
    ]

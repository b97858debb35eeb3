"""Lifecycle and segments: stages by hand, moves that balance, and marks where tables allow them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl
import pytest

from telcrm.report import Report, Section, build

MONTHS = [date(2026, month, 1) for month in range(1, 10)]
PAID: dict[str, list[float | None]] = {
    "grows": [10, 10, 10, 10, 10, 10, 20, 20, 20],
    "keeps": [10, 10, 10, 10, 10, 10, 10, 10, 10],
    "sinks": [20, 20, 20, 20, 20, 20, 10, 10, 10],
    "sleeps": [10, 10, 10, 10, 10, 10, 10, 0, 0],
    "leaves": [10, 10, 10, 10, 10, None, None, None, None],
    "comes": [None, None, None, None, None, None, None, 10, 10],
}


def months() -> pl.DataFrame:
    rows = [
        {"subscription_id": who, "customer_id": who, "period": period, "revenue": float(amount)}
        for who, amounts in PAID.items()
        for period, amount in zip(MONTHS, amounts, strict=True)
        if amount is not None
    ]
    return pl.DataFrame(rows)


@pytest.fixture(scope="module")
def section() -> Section:
    return build({"subscriber_months": months()}).section("segments")


def test_each_customer_is_in_the_stage_that_its_months_say(section: Section) -> None:
    stages = section.exhibit("stages").frame
    counts = dict(stages.select("segment", "customers").rows())
    assert counts == dict.fromkeys(["new", "growing", "mature", "declining", "dormant", "lost"], 1)
    assert stages["share"].sum() == pytest.approx(1)
    assert dict(stages.select("segment", "revenue").rows())["growing"] == 20.0
    assert all(stages["meaning"].to_list())
    figures = {figure.label: (figure.value, figure.detail) for figure in section.figures}
    assert figures["Growing"] == ("1", "20.0%")
    assert figures["New"] == ("1", "20.0% of customers who are not lost")


def test_the_moves_of_a_quarter_balance(section: Section) -> None:
    moved = section.exhibit("moves").frame
    entries = moved.filter(pl.col("from_segment") == "(entry)")
    assert entries.select("to_segment", "customers").rows() == [("new", 1)]
    assert moved["customers"].sum() == len(PAID)
    [left] = moved.filter(pl.col("to_segment") == "lost").iter_rows(named=True)
    assert (left["customers"], left["period"]) == (1, MONTHS[-1])


def test_without_a_quarter_before_there_are_no_moves() -> None:
    short = months().filter(pl.col("period") >= MONTHS[-3])
    section = build({"subscriber_months": short}).section("segments")
    assert "moves" not in {exhibit.name for exhibit in section.exhibits}


def test_status_needs_customers_and_their_subscriptions(
    operator_tables: Mapping[str, pl.DataFrame], operator_report: Report
) -> None:
    status = dict(operator_report.section("segments").exhibit("status").frame.rows())
    classes = {"Existing", "Former", "Potential"} & set(status)
    assert sum(status[name] for name in classes) == operator_tables["customers"].height
    alone = build({"subscriber_months": operator_tables["subscriber_months"]})
    names = {exhibit.name for exhibit in alone.section("segments").exhibits}
    assert "status" not in names


def test_without_bills_nobody_is_called_a_debtor(
    operator_tables: Mapping[str, pl.DataFrame],
) -> None:
    kept = ("subscriber_months", "customers", "subscriptions")
    exhibit = (
        build({name: operator_tables[name] for name in kept}).section("segments").exhibit("status")
    )
    counts = {label.partition(":")[0]: count for label, count in exhibit.frame.rows()}
    assert (counts["Reputable"], counts["Chronic debtor"]) == (0, 0)
    assert "without invoices and payments" in exhibit.note


def test_profiles_are_sentences_about_every_stage(operator_report: Report) -> None:
    section = operator_report.section("segments")
    said = section.exhibit("profiles").frame["said"].to_list()
    stages = section.exhibit("stages").frame
    known = stages.filter(pl.col("segment") != "prospect")["segment"].to_list()
    assert sorted(line.split()[1].rstrip(":") for line in said) == sorted(known)
    assert all(line.startswith("Segment ") and "% of customers" in line for line in said)

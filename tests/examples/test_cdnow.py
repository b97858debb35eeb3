"""The report on CDNOW says what pandas says, reckoned apart and straight from the log."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

from telcrm.kpi import cohort_retention, movement
from telcrm.report import Report, build

EXAMPLE = Path(__file__).parents[2] / "examples" / "cdnow.py"


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    """The log, read by pandas from fixed columns, not by the example."""
    package = find_spec("lifetimes")
    assert package is not None
    assert package.origin is not None
    file = Path(package.origin).parent / "datasets" / "CDNOW_master.txt"
    raw = pd.read_csv(file, sep=r"\s+", skiprows=1, names=["customer", "day", "cds", "value"])
    return raw.assign(month=pd.to_datetime(raw["day"].astype(str)).dt.to_period("M"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cdnow")
    subprocess.run([sys.executable, EXAMPLE, "--out", out], check=True, capture_output=True)  # noqa: S603
    return out


@pytest.fixture(scope="module")
def report(folder: Path) -> Report:
    return build(folder)


def test_the_log_is_the_published_one(log: pd.DataFrame) -> None:
    """Fader and Hardie: 69,659 transactions of 23,570 customers."""
    assert len(log) == 69_659
    assert log["customer"].nunique() == 23_570


def test_purchases_and_customers(report: Report, log: pd.DataFrame) -> None:
    counts = report.section("recharges").exhibit("activity").frame
    assert counts["recharges"].sum() == len(log) == 69_659
    assert counts["recharges"].to_list() == log.groupby("month").size().to_list()
    assert counts["customers"].to_list() == log.groupby("month")["customer"].nunique().to_list()
    assert counts["amount"].to_list() == pytest.approx(
        log.groupby("month")["value"].sum().to_list()
    )
    figures = {figure.label: figure.value for figure in report.section("movement").figures}
    assert figures["Active at any time"] == "23,570"


def test_movement(report: Report, log: pd.DataFrame) -> None:
    """Sets of customers, month by month."""
    active = {str(month): set(rows["customer"]) for month, rows in log.groupby("month")}
    table = report.section("movement").exhibit("months").frame
    assert table.height == len(active) - 1 == 17
    seen: set[int] = set()
    before: set[int] = set()
    for month, now in sorted(active.items()):
        if seen:
            at = date.fromisoformat(f"{month}-01")
            row = table.filter(table["period"] == at).row(0, named=True)
            assert row["opening"] == len(before)
            assert row["new"] == len(now - seen)
            assert row["reactivated"] == len((now & seen) - before)
            assert row["lost"] == len(before - now)
            assert row["closing"] == len(now)
        seen |= now
        before = now
    assert len(seen) == 23_570


def test_revenue(report: Report, log: pd.DataFrame) -> None:
    table = report.section("revenue").exhibit("months").frame
    assert table["revenue"].sum() == pytest.approx(log["value"].sum())
    assert table["revenue"].sum() == pytest.approx(2_500_315.63)
    assert table["revenue"].to_list() == pytest.approx(
        log.groupby("month")["value"].sum().to_list()
    )


def test_rfm_recency(report: Report, log: pd.DataFrame) -> None:
    end = pd.Timestamp(1998, 6, 30)
    last = pd.to_datetime(log.groupby("customer")["day"].max().astype(str))
    days = (end - last).dt.days
    table = report.section("recharges").exhibit("rfm_recency").frame
    assert table["customers"].sum() == len(last) == 23_570
    # Scores are whole classes of equal recency, best first: their medians follow from the counts.
    ordered = days.sort_values().to_list()
    start = 0
    for row in table.iter_rows(named=True):
        part = pd.Series(ordered[start : start + row["customers"]])
        assert row["days"] == part.median()
        start += row["customers"]


def test_the_page_is_written_and_shows_the_counts(folder: Path) -> None:
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert "23,570" in html
    assert "69,659" in html
    assert "As of 1998-06-30 · amounts in USD" in html


def test_kpi_movement_with_amounts_from_the_log_itself(log: pd.DataFrame) -> None:
    """Straight from the purchases, in pandas: customers and dollars, kept as a grid by pandas."""
    months = log.assign(period=log["month"].dt.to_timestamp())
    moved = movement(months, customer="customer", revenue="value")
    paid = log.pivot_table(index="customer", columns="month", values="value", aggfunc="sum")
    here = paid.notna().to_numpy()
    dollars = paid.fillna(0.0).to_numpy()
    ever = here.cumsum(axis=1) > 0
    for at in range(1, here.shape[1]):
        row = moved.iloc[at - 1]
        now, before, known = here[:, at], here[:, at - 1], ever[:, at - 1]
        stayed = now & before
        change = (dollars[:, at] - dollars[:, at - 1])[stayed].round(6)
        assert row["new"] == (now & ~known).sum()
        assert row["reactivated"] == (now & known & ~before).sum()
        assert row["lost"] == (before & ~now).sum()
        assert row["upgraded"] == (change > 0).sum()
        assert row["downgraded"] == (change < 0).sum()
        amounts = {
            "new_revenue": dollars[now & ~known, at].sum(),
            "reactivated_revenue": dollars[now & known & ~before, at].sum(),
            "lost_revenue": dollars[before & ~now, at - 1].sum(),
            "expansion_revenue": change[change > 0].sum(),
            "contraction_revenue": -change[change < 0].sum(),
            "closing_revenue": dollars[:, at].sum(),
        }
        for name, amount in amounts.items():
            assert row[name] == pytest.approx(amount, abs=1e-6), (name, at)


def test_cohorts_of_the_first_quarter(log: pd.DataFrame) -> None:
    """Cohort and age by pandas: 7,846, 8,476 and 7,248 customers joined."""
    months = log.assign(period=log["month"].dt.to_timestamp())
    followed = cohort_retention(months, customer="customer")
    first = log.groupby("customer")["month"].min()
    age = (log["month"].dt.year - log["customer"].map(first).dt.year) * 12 + (
        log["month"].dt.month - log["customer"].map(first).dt.month
    )
    counts = log.assign(cohort=log["customer"].map(first), age=age).groupby(["cohort", "age"])
    expected = counts["customer"].nunique()
    sizes = first.value_counts()
    known = followed[followed["active"].notna()]
    assert sorted(sizes) == sorted(set(followed["size"])) == [7_248, 7_846, 8_476]
    assert len(known) == 18 + 17 + 16
    for row in known.to_dict("records"):
        cohort = row["cohort"].to_period("M")
        assert row["active"] == expected.get((cohort, row["age_months"]), 0)
        assert row["retention"] == pytest.approx(row["active"] / sizes[cohort])

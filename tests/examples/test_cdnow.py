"""The report on CDNOW says what pandas says, reckoned apart and straight from the log."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

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

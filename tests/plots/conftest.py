"""Results of a small operator, made once."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from telcrm import kpi
from telcrm.synth import Operator


@pytest.fixture(scope="package")
def tables() -> dict[str, pl.DataFrame]:
    operator = Operator(subscribers=150, months=8, seed=5)
    return operator.tables(["subscriber_months", "recharges", "surveys", "customers"])


@pytest.fixture(scope="package")
def moved(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    return kpi.movement(tables["subscriber_months"])


@pytest.fixture(scope="package")
def cohorts(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    return kpi.cohort_retention(tables["subscriber_months"], value="revenue")


@pytest.fixture(scope="package")
def scores(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    return kpi.nps(tables["surveys"], period="month")


@pytest.fixture
def moves() -> pl.DataFrame:
    """What `segmentation.migration` returns."""
    rows = [
        ("mass", "mass", 60),
        ("mass", "premium", 10),
        ("mass", "(exit)", 5),
        ("premium", "premium", 20),
        ("premium", "mass", 2),
        ("(entry)", "mass", 12),
    ]
    return pl.DataFrame(
        {
            "period_before": [date(2024, 1, 1)] * len(rows),
            "period": [date(2024, 2, 1)] * len(rows),
            "from_segment": [row[0] for row in rows],
            "to_segment": [row[1] for row in rows],
            "customers": [row[2] for row in rows],
        }
    )

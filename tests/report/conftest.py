"""A small synthetic operator, and its report."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pytest

from telcrm.report import Report, build
from telcrm.synth import Operator


@pytest.fixture(scope="session")
def operator_tables() -> Mapping[str, pl.DataFrame]:
    """All canonical tables of a synthetic operator; nobody may change them."""
    operator = Operator(subscribers=150, months=6, seed=11)
    tables: Mapping[str, pl.DataFrame] = operator.tables(backend="polars")
    return tables


@pytest.fixture(scope="session")
def operator_report(operator_tables: Mapping[str, pl.DataFrame]) -> Report:
    return build(operator_tables)


@pytest.fixture(scope="session")
def operator_html(operator_report: Report) -> str:
    return operator_report.to_html()


@pytest.fixture
def recharges() -> pl.DataFrame:
    """Three recharges of two customers; ann's last one is on 2 March."""
    return pl.DataFrame(
        {
            "recharge_id": ["R-1", "R-2", "R-3"],
            "customer_id": ["ann", "bob", "ann"],
            "recharged_at": ["2026-01-05", "2026-02-01", "2026-03-02"],
            "amount": [10.0, 20.0, 5.0],
        }
    ).with_columns(pl.col("recharged_at").str.to_datetime(time_zone="UTC"))

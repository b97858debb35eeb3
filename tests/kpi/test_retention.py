"""Revenue retention: the published conventions and their worked numbers."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from tests.kpi.test_movement import operator

from telcrm.errors import ParameterError
from telcrm.kpi import (
    RetentionPolicy,
    gross_revenue_churn_rate,
    movement,
    net_revenue_churn_rate,
    recurring_revenue,
    revenue_retention,
)
from telcrm.testing import bases

JAN, FEB, MAR = (date(2024, month, 1) for month in (1, 2, 3))


def test_chartmogul_gross_20_net_10() -> None:
    # ChartMogul help, Net MRR churn rate: start 100, churn 10, contraction 10, expansion 10.
    moved = {"base": 100, "lost": 10, "contraction": 10}
    assert gross_revenue_churn_rate(**moved) == 0.2
    assert net_revenue_churn_rate(**moved, expansion=10) == 0.1


def test_chartmogul_movements_of_four_yearly_plans_and_two_additions() -> None:
    # ChartMogul help, MRR movements: 4 x 500 a year are New 166.67; 2 x 30 a month more are
    # Expansion 60; to cancel those is Contraction 60; to cancel the last is Churn.
    yearly = {"customer_id": "ann", "amount": 500.0, "interval_months": 12}
    monthly = {"customer_id": "ann", "amount": 30.0, "interval_months": 1}
    other = {"customer_id": "bob", "amount": 1.0, "interval_months": 1}
    days = [date(2024, month, 15) for month in range(1, 7)]
    rows = [
        {**other, "activated_on": days[0], "terminated_on": None},
        *[{**yearly, "activated_on": days[1], "terminated_on": days[4]} for _ in range(4)],
        *[{**monthly, "activated_on": days[2], "terminated_on": days[3]} for _ in range(2)],
    ]
    plans = pl.DataFrame(
        [{"subscription_id": f"S-{nth}", **row} for nth, row in enumerate(rows)],
        schema_overrides={"terminated_on": pl.Date},
    )
    months = recurring_revenue(plans, through=days[-1])
    kinds = ["new", "expansion", "contraction", "lost"]
    moved = revenue_retention(months).select(f"{kind}_revenue" for kind in kinds)
    assert [[round(amount, 2) for amount in row] for row in moved.rows()] == [
        [166.67, 0, 0, 0],
        [0, 60.0, 0, 0],
        [0, 0, 60.0, 0],
        [0, 0, 0, 166.67],
        [0, 0, 0, 0],
    ]


def two_months(**columns: list[Any]) -> pl.DataFrame:
    given: dict[str, list[Any]] = {
        "customer_id": ["lost", "less", "more", "less", "more", "new"],
        "period": [JAN] * 3 + [FEB] * 3,
        "revenue": [10.0, 40.0, 50.0, 30.0, 60.0, 20.0],
    }
    return pl.DataFrame(given | columns)


@pytest.mark.parametrize(
    ("convention", "gross", "net"),
    [
        ("chartmogul", 0.2, 0.1),
        ("baremetrics", 0.2, 0.1),
        ("stripe", 20 / 120, 10 / 120),
    ],
)
def test_conventions_on_one_month(convention: str, gross: float, net: float) -> None:
    rates = revenue_retention(two_months(), policy=RetentionPolicy.of(convention)).row(
        0, named=True
    )
    assert rates["gross_churn_rate"] == pytest.approx(gross)
    assert rates["net_churn_rate"] == pytest.approx(net)
    assert rates["net_retention"] == pytest.approx(1 - net)


def test_only_some_count_who_came_back() -> None:
    back = {
        "customer_id": ["ann", "bob", "ann", "ann", "bob"],
        "period": [JAN, JAN, FEB, MAR, MAR],
        "revenue": [10.0, 10.0, 10.0, 10.0, 5.0],
    }
    rates = {
        name: revenue_retention(pl.DataFrame(back), policy=RetentionPolicy.of(name)).row(
            1, named=True
        )
        for name in ("chartmogul", "baremetrics")
    }
    assert rates["chartmogul"]["net_retention"] == 1.5
    assert rates["baremetrics"]["net_retention"] == 1.0


def test_profitwell_counts_the_loss_in_the_month_of_leaving_and_no_guests() -> None:
    columns = {
        "customer_id": ["ann", "bob", "ann", "guest", "ann", "bob", "ann"],
        "period": [JAN, JAN, FEB, FEB, MAR, MAR, date(2024, 4, 1)],
        "revenue": [10.0, 20.0, 10.0, 99.0, 10.0, 20.0, 10.0],
    }
    rates = revenue_retention(pl.DataFrame(columns), policy=RetentionPolicy.of("profitwell"))
    assert rates["period"].to_list() == [FEB, MAR]
    assert rates["new_revenue"].to_list() == [0.0, 0.0]
    # bob's two single months are no loss: he came and went within each.
    assert rates["lost_revenue"].to_list() == [0.0, 0.0]


@given(bases())
@settings(max_examples=10)
def test_amounts_are_those_of_the_movement(base: pl.DataFrame) -> None:
    moved, kept = movement(base, by="segment"), revenue_retention(base, by="segment")
    for name in kept.columns:
        if name.endswith("_revenue"):
            assert kept[name].equals(moved[name])
    some = kept.filter(pl.col("opening_revenue") > 0)
    assert ((some["gross_churn_rate"] + some["gross_retention"] - 1).abs() < 1e-12).all()
    nothing = kept.filter(pl.col("opening_revenue") <= 0)
    assert nothing["net_retention"].null_count() == len(nothing)


def test_every_engine_gives_the_same_rows(backend: Any) -> None:
    columns = operator(60)
    policy = RetentionPolicy.of("stripe")
    result = revenue_retention(backend.frame(columns), by="segment", policy=policy)
    expected = revenue_retention(pl.DataFrame(columns), by="segment", policy=policy).to_dicts()
    assert backend.is_own(result)
    assert backend.rows(result) == expected


def test_unknown_conventions_are_refused() -> None:
    with pytest.raises(ParameterError, match="Choose from: chartmogul"):
        RetentionPolicy.of("maxio")
    with pytest.raises(ParameterError, match="base is 0"):
        gross_revenue_churn_rate(base=0, lost=0, contraction=0)
    with pytest.raises(ParameterError, match="expansion is -1"):
        net_revenue_churn_rate(base=1, lost=0, contraction=0, expansion=-1)

"""Acquisition cost and payback: worked numbers, every engine, and months without one side."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from telcrm.errors import InvalidTableError, ParameterError, UnsupportedFrameError
from telcrm.kpi import acquisition_cost, cost_per_acquisition, payback_months

JAN, FEB, MAR = (date(2024, month, 1) for month in (1, 2, 3))

CUSTOMERS: dict[str, list[Any]] = {
    "since": [date(2024, 1, 31), date(2024, 1, 1), date(2024, 3, 5), None],
    "acquisition_channel": ["shop", "web", "shop", "web"],
}
COSTS: dict[str, list[Any]] = {
    "period": [JAN, JAN, FEB, JAN],
    "acquisition_channel": ["shop", "shop", "web", "web"],
    "cost": [70.0, 50.0, 10.0, 0.0],
}


def test_every_engine_sets_costs_against_additions(backend: Any) -> None:
    customers, costs = backend.frames(CUSTOMERS, COSTS)
    result = acquisition_cost(customers, costs, by="acquisition_channel")
    assert backend.is_own(result)
    assert [tuple(row.values()) for row in backend.rows(result)] == EXPECTED


EXPECTED = [
    (JAN, "shop", 1, 120.0, 120.0),
    (JAN, "web", 1, 0.0, 0.0),
    (FEB, "web", 0, 10.0, None),
    (MAR, "shop", 1, 0.0, 0.0),
]


def test_without_groups_and_without_rows() -> None:
    customers, costs = pl.DataFrame(CUSTOMERS), pl.DataFrame(COSTS)
    assert acquisition_cost(customers, costs).rows() == [
        (JAN, 2, 120.0, 60.0),
        (FEB, 0, 10.0, None),
        (MAR, 1, 0.0, 0.0),
    ]
    assert acquisition_cost(customers.clear(), costs.clear()).is_empty()
    assert acquisition_cost(customers, costs.clear())["cost_per_add"].to_list() == [0.0, 0.0]


def test_two_engines_are_refused() -> None:
    costs: Any = pl.DataFrame(COSTS).to_pandas()
    with pytest.raises(UnsupportedFrameError, match="customers is a frame of polars"):
        acquisition_cost(pl.DataFrame(CUSTOMERS), costs)


def test_rows_that_cannot_be_placed_are_refused() -> None:
    customers, costs = pl.DataFrame(CUSTOMERS), pl.DataFrame(COSTS)
    nowhere = customers.with_columns(acquisition_channel=pl.lit(None, pl.String))
    with pytest.raises(InvalidTableError, match="'acquisition_channel' is null in 4 rows"):
        acquisition_cost(nowhere, costs, by="acquisition_channel")
    late = costs.with_columns(period=pl.lit(date(2024, 1, 2)))
    with pytest.raises(InvalidTableError, match="not the first day of its month"):
        acquisition_cost(customers, late)
    with pytest.raises(ParameterError, match="would stand twice"):
        acquisition_cost(customers, costs, by="cost")


def test_formulas_on_numbers() -> None:
    assert cost_per_acquisition(50_000, 400) == 125.0
    # Conventional: customer acquisition cost over ARPA times gross margin.
    assert payback_months(300, arpa=25, margin_rate=0.6) == pytest.approx(20.0)
    assert payback_months(300, arpa=25, margin_rate=0) == float("inf")


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: cost_per_acquisition(-1, 1), "cost is -1"),
        (lambda: cost_per_acquisition(1, 0), "gross_adds is 0"),
        (lambda: payback_months(1, arpa=0, margin_rate=0.5), "arpa is 0"),
        (lambda: payback_months(1, arpa=1, margin_rate=60), "share from 0 to 1"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(ask: Any, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        ask()

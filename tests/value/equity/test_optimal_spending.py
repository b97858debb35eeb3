"""The best spending against a grid of all, and against the conditions of an optimum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.errors import DivergentValueError, ParameterError
from telcrm.value.equity.customer_equity import customer_equity
from telcrm.value.equity.optimal_spending import optimal_spending
from telcrm.value.equity.response_curve import ResponseCurve

ACQUISITION = ResponseCurve.through(spending=1.0, rate=0.04, ceiling=0.1)
RETENTION = ResponseCurve.through(spending=8.0, rate=0.6, ceiling=0.8)

markets = st.fixed_dictionaries(
    {
        "margin": st.floats(0, 200),
        "discount_rate": st.floats(0.01, 0.5),
        "add_on_margin": st.floats(0, 30),
        "acquisition": st.builds(
            ResponseCurve, ceiling=st.floats(0.01, 0.5), steepness=st.floats(0.05, 3)
        ),
        "retention": st.builds(
            ResponseCurve,
            floor=st.floats(0, 0.5),
            ceiling=st.floats(0.6, 1),
            steepness=st.floats(0.005, 1),
        ),
    }
)


def equity(market: dict[str, Any], acquisition_cost: float, retention_cost: float) -> float:
    """Customer equity per prospect at some spending."""
    return customer_equity(
        prospects=1,
        acquisition_cost=acquisition_cost,
        acquisition_rate=market["acquisition"].rate(acquisition_cost),
        margin=market["margin"],
        retention=market["retention"].rate(retention_cost),
        retention_cost=retention_cost,
        discount_rate=market["discount_rate"],
        add_on_margin=market["add_on_margin"],
    ).total


@given(markets)
def test_no_other_spending_is_better(market: dict[str, Any]) -> None:
    best = optimal_spending(**market)
    found = equity(market, best.acquisition_cost, best.retention_cost)
    assert best.equity_per_prospect == pytest.approx(found, rel=1e-9, abs=1e-9)
    tolerance = 1e-9 * max(1.0, abs(found))
    for winning in np.linspace(0, 3 * best.acquisition_cost + 5, 13):
        for keeping in np.linspace(0, 3 * best.retention_cost + 5, 13):
            assert equity(market, float(winning), float(keeping)) <= found + tolerance


@given(markets)
def test_the_last_customer_costs_what_a_customer_is_worth(market: dict[str, Any]) -> None:
    """Pfeifer (2005): inside the curves, marginal costs equal the value of a customer."""
    best = optimal_spending(**market)
    value = best.customer_value
    last_won = market["acquisition"].marginal_cost(best.acquisition_cost)
    last_kept = market["retention"].marginal_cost(best.retention_cost)
    worth_keeping = value + market["add_on_margin"]
    if best.acquisition_cost > 0:
        assert last_won == pytest.approx(value, rel=1e-6)
    else:
        assert last_won >= value * (1 - 1e-9)
    if best.retention_cost > 0:
        assert last_kept == pytest.approx(worth_keeping, rel=1e-6)
    else:
        assert last_kept >= worth_keeping * (1 - 1e-9)


@given(markets, st.floats(0.5, 4))
def test_money_in_another_unit_changes_no_rate(market: dict[str, Any], unit: float) -> None:
    scaled = {
        **market,
        "margin": market["margin"] * unit,
        "add_on_margin": market["add_on_margin"] * unit,
        **{
            name: market[name].replace(steepness=market[name].steepness / unit)
            for name in ("acquisition", "retention")
        },
    }
    one, other = optimal_spending(**market), optimal_spending(**scaled)
    assert other.retention == pytest.approx(one.retention, abs=1e-8)
    assert other.acquisition_rate == pytest.approx(one.acquisition_rate, abs=1e-8)
    assert other.customer_value == pytest.approx(one.customer_value * unit, rel=1e-8)


def test_a_customer_worth_nothing_is_not_paid_for() -> None:
    best = optimal_spending(
        margin=0.0, discount_rate=0.1, acquisition=ACQUISITION, retention=RETENTION
    )
    assert (best.acquisition_cost, best.retention_cost, best.equity_per_prospect) == (0, 0, 0)


def test_repr_tells_the_plan() -> None:
    best = optimal_spending(
        margin=50.0, discount_rate=0.1, acquisition=ACQUISITION, retention=RETENTION
    )
    assert repr(best) == (
        "OptimalSpending(3.40 per prospect wins 8.2%, 15.80 per customer and period keeps 74.8%, "
        "a customer is worth 111.44)"
    )


def test_what_has_no_optimum_is_refused() -> None:
    for_ever = ResponseCurve(ceiling=1.0, steepness=1.0)
    curves: dict[str, Any] = {"acquisition": ACQUISITION, "retention": for_ever}
    with pytest.raises(DivergentValueError, match="ceiling of retention below 1"):
        optimal_spending(margin=5.0, discount_rate=0.0, **curves)
    with pytest.raises(ParameterError, match="margin is -1"):
        optimal_spending(margin=-1, discount_rate=0.1, **curves)
    with pytest.raises(ParameterError, match="add_on_margin is -1"):
        optimal_spending(margin=1, add_on_margin=-1, discount_rate=0.1, **curves)

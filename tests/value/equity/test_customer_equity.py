"""Customer equity against following its customers period by period."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.errors import DivergentValueError, ParameterError
from telcrm.value.equity.customer_equity import CustomerEquity, customer_equity

PLAN: dict[str, Any] = {
    "prospects": 1000,
    "acquisition_rate": 0.1,
    "acquisition_cost": 5.0,
    "margin": 100.0,
    "retention": 0.8,
    "retention_cost": 10.0,
    "discount_rate": 0.2,
    "add_on_margin": 7.0,
    "customers": 50.0,
}

plans = st.fixed_dictionaries(
    {
        "prospects": st.integers(0, 1000),
        "acquisition_rate": st.floats(0, 1),
        "acquisition_cost": st.floats(0, 100),
        "margin": st.floats(-50, 200),
        "retention": st.floats(0, 0.95),
        "retention_cost": st.floats(0, 50),
        "discount_rate": st.floats(0, 0.5),
        "add_on_margin": st.floats(-10, 50),
        "customers": st.floats(0, 1000),
    }
)


def followed(plan: dict[str, Any], periods: int) -> tuple[float, float, float]:
    """Pay for prospects, and then for customers before each renewal."""
    won = plan["prospects"] * plan["acquisition_rate"]
    acquisition = won * plan["margin"] - plan["prospects"] * plan["acquisition_cost"]
    retention = add_on = 0.0
    left, discount = won + plan["customers"], 1.0
    for _ in range(periods):
        discount /= 1 + plan["discount_rate"]
        retention -= discount * left * plan["retention_cost"]
        left *= plan["retention"]
        retention += discount * left * plan["margin"]
        add_on += discount * left * plan["add_on_margin"]
    return acquisition, retention, add_on


@given(plans, st.integers(1, 24))
def test_equity_is_what_following_the_customers_gives(plan: dict[str, Any], horizon: int) -> None:
    found = customer_equity(**plan, horizon=horizon)
    parts = followed(plan, horizon)
    assert (found.acquisition, found.retention, found.add_on) == pytest.approx(parts, abs=1e-6)
    assert found.total == pytest.approx(sum(parts), abs=1e-6)


@given(plans)
def test_without_horizon_all_renewals_count(plan: dict[str, Any]) -> None:
    found = customer_equity(**plan)
    assert found.total == pytest.approx(sum(followed(plan, 1000)), rel=1e-6, abs=1e-6)


@given(plans, st.floats(0.5, 4))
def test_equity_scales_with_the_market(plan: dict[str, Any], times: float) -> None:
    larger = {
        **plan,
        "prospects": plan["prospects"] * times,
        "customers": plan["customers"] * times,
    }
    assert customer_equity(**larger).total == pytest.approx(
        customer_equity(**plan).total * times, rel=1e-9, abs=1e-6
    )


def test_equation_of_blattberg_and_deighton() -> None:
    """(1996), Harvard Business Review 74(4): a m - A + a (m - R / r) r' / (1 - r') per prospect."""
    plan = PLAN | {"add_on_margin": 0.0, "customers": 0.0, "prospects": 1}
    a, r, m = plan["acquisition_rate"], plan["retention"], plan["margin"]
    kept = r / (1 + plan["discount_rate"])
    expected = a * m - plan["acquisition_cost"]
    expected += a * (m - plan["retention_cost"] / r) * kept / (1 - kept)
    assert customer_equity(**plan).total == pytest.approx(expected)


def test_parts_and_repr() -> None:
    found = CustomerEquity(acquisition=5.0, retention=20.0, add_on=-1.0, won=2.0)
    assert found.total == 24.0
    assert repr(found) == (
        "CustomerEquity(24.00 = acquisition 5.00 + retention 20.00 + add-on -1.00, 2.0 won)"
    )


def test_nobody_who_ever_leaves_has_no_finite_value() -> None:
    with pytest.raises(DivergentValueError):
        customer_equity(**PLAN | {"retention": 1.0, "discount_rate": 0.0})


@pytest.mark.parametrize(
    "wrong",
    [
        {"prospects": -1},
        {"acquisition_rate": 1.5},
        {"acquisition_cost": -1},
        {"margin": float("nan")},
        {"retention": 2},
        {"retention_cost": -1},
        {"discount_rate": -0.1},
        {"add_on_margin": "much"},
        {"customers": -5},
        {"horizon": 0},
    ],
)
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        customer_equity(**{**PLAN, **wrong})

"""Every public function that takes a frame gives the same rows on every engine.

Polars is the oracle; what it says is tested where the function is. The tables are drawn by
Hypothesis, with nulls, ties, gaps and strangers; Spark, which takes seconds, is asked once each.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import date
from random import Random
from types import ModuleType
from typing import Any

import narwhals.stable.v2 as nw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import random_tables as drawn
from tests.conftest import ENGINES, Backend

from telcrm import kpi, segmentation
from telcrm.domain import ActivityRule
from telcrm.kpi import ContactCost, MovementPolicy, ServiceLevelPolicy, ServingCosts

AS_OF = date(2024, 6, 30)
COSTS = ServingCosts(
    channels=(ContactCost(channel="call_centre", per_contact=1.0, per_minute=0.6),), other=0.1
)

Make = Callable[..., list[Any]]
"""Takes tables as columns, and makes frames of one engine, which may meet in one question."""
Question = Callable[[Make, Random], Any]


def of(table: Callable[[Random], drawn.Columns], ask: Callable[[Any], Any]) -> Question:
    """Ask a question of one table."""
    return lambda make, chance: ask(*make(table(chance)))


def both(
    first: Callable[[Random], drawn.Columns],
    second: Callable[[Random], drawn.Columns],
    ask: Callable[[Any, Any], Any],
) -> Question:
    """Ask a question of two tables of one engine."""
    return lambda make, chance: ask(*make(first(chance), second(chance)))


def series(chance: Random) -> drawn.Columns:
    """Two years of a figure for two groups, with gaps and a month that stands out."""
    rows = [
        (group, date(2022 + at // 12, at % 12 + 1, 1), value)
        for group, level in (("a", 100.0), ("b", 5.0))
        for at in range(24)
        if chance.random() > 0.1
        for value in [level + chance.choice([0.0, 1.0, 2.0]) + 40.0 * (at == 20)]
    ]
    return dict(
        zip(("segment", "period", "value"), map(list, zip(*rows, strict=True)), strict=True)
    )


months, lines = drawn.subscriber_months, drawn.subscriptions
KPIS: dict[str, Question] = {
    "movement": of(months, kpi.movement),
    "movement by segment": of(months, lambda f: kpi.movement(f, by="segment")),
    "movement by rank": of(
        months,
        lambda f: kpi.movement(
            f,
            customer="subscription_id",
            rank="plan_rank",
            policy=MovementPolicy(
                change_basis="plan_rank", loss_month="last_active", reactivation_window_months=1
            ),
        ),
    ),
    "churn_rate": of(months, lambda f: kpi.churn_rate(f, by="segment", months=2)),
    "churn_by_reason": of(lines, kpi.churn_by_reason),
    "loss_analysis": of(lines, lambda f: kpi.loss_analysis(f, by="recipient", value="amount")),
    "profit_lost": of(months, kpi.profit_lost),
    "revenue_retention": of(months, lambda f: kpi.revenue_retention(f, by="segment")),
    "recurring_revenue": of(lines, lambda f: kpi.recurring_revenue(f, through=AS_OF)),
    "arpu": of(months, lambda f: kpi.arpu(f, by="segment")),
    "arpa": of(months, lambda f: kpi.arpa(f, months=2)),
    "abpu": of(months, lambda f: kpi.abpu(f, base="active")),
    "ampu": of(months, lambda f: kpi.ampu(f, base="two_point", months=3)),
    "mou": of(months, kpi.mou),
    "data_per_user": of(months, lambda f: kpi.data_per_user(f, by="segment")),
    "average_profitability": of(months, lambda f: kpi.average_profitability(f, by="segment")),
    "cost_to_serve": of(drawn.interactions, lambda f: kpi.cost_to_serve(f, COSTS)),
    "acquisition_cost": both(
        lines,
        drawn.spending,
        lambda f, costs: kpi.acquisition_cost(f, costs, since="activated_on", by="segment"),
    ),
    "sales": of(drawn.recharges, lambda f: kpi.sales(f, by="channel")),
    "net_porting": of(drawn.ports, lambda f: kpi.net_porting(f, own="us")),
    "market_share": of(drawn.market, lambda f: kpi.market_share(f, by="quarter")),
    "arrears": of(drawn.invoices, lambda f: kpi.arrears(f, as_of=AS_OF, by="segment")),
    "cohort_retention": of(months, lambda f: kpi.cohort_retention(f, value="revenue")),
    "cohort_matrix": of(months, lambda f: kpi.cohort_matrix(kpi.cohort_retention(f))),
    "prepaid_activity": of(
        drawn.activities,
        lambda f: kpi.prepaid_activity(
            f,
            on=kpi.month_ends(date(2024, 1, 1), AS_OF),
            rule=ActivityRule(window_days=30, kinds=["recharge", "outgoing"]),
        ),
    ),
    "nps": of(drawn.surveys, lambda f: kpi.nps(f, by="segment", period="month")),
    "csat": of(drawn.surveys, lambda f: kpi.csat(f, by="segment")),
    "ces": of(drawn.surveys, lambda f: kpi.ces(f, period="month")),
    "complaint_rate": both(
        drawn.complaints, months, lambda f, base: kpi.complaint_rate(f, base, by="segment")
    ),
    "time_to_resolve": of(
        drawn.complaints, lambda f: kpi.time_to_resolve(f, as_of=drawn.END, by="category")
    ),
    "first_contact_resolution": of(
        drawn.complaints, lambda f: kpi.first_contact_resolution(f, as_of=drawn.END)
    ),
    "contact_centre": of(
        drawn.interactions,
        lambda f: kpi.contact_centre(
            f, by="channel", period="month", policy=ServiceLevelPolicy(short_abandon_s=5)
        ),
    ),
    "trend": of(series, lambda f: kpi.trend(f, value="value", by="segment")),
    "changes": of(series, lambda f: kpi.changes(f, value="value", by="segment")),
    "deviations": of(series, lambda f: kpi.deviations(f, value="value", by="segment")),
}
SEGMENTS: dict[str, Question] = {
    "rfm": of(drawn.recharges, lambda f: segmentation.rfm(f, as_of=AS_OF, bins=3)),
    "rfm nested": of(
        drawn.recharges, lambda f: segmentation.rfm(f, as_of=AS_OF, method="nested", ties="spread")
    ),
    "rfm_breaks": of(
        drawn.recharges, lambda f: segmentation.rfm_breaks(f, as_of=date(2024, 12, 31))
    ),
    "abc": of(months, segmentation.abc),
    "concentration": of(months, segmentation.concentration),
    "value_matrix": of(
        months,
        lambda f: segmentation.value_matrix(
            f,
            value="revenue",
            potential="data_bytes",
            value_cuts=(5.0, 30.0),
            potential_cuts=(0.5, 2e9),
        ),
    ),
}
QUESTIONS = {**KPIS, **SEGMENTS}


def takes_frame(function: object) -> bool:
    if not inspect.isfunction(function):
        return False
    names = list(inspect.signature(function).parameters)
    return names[:1] in (["frame"], ["result"])


@pytest.mark.parametrize(
    ("room", "questions"), [(kpi, KPIS), (segmentation, SEGMENTS)], ids=["kpi", "segmentation"]
)
def test_no_function_that_takes_a_frame_is_left_out(
    room: ModuleType, questions: dict[str, Question]
) -> None:
    public = {name for name in room.__all__ if takes_frame(getattr(room, name))}
    assert {name.split()[0] for name in questions} == public


def answer(name: str, engine: Backend, chance: Random) -> tuple[list[str], list[Any]]:
    """Columns and rows, each number as the type that every engine should give; or a value."""
    found = QUESTIONS[name](engine.frames, chance)
    try:
        wrapped = nw.from_native(found)
    except TypeError:
        return [], [found]
    return wrapped.collect_schema().names(), engine.rows(found)


def assert_same(name: str, engine: Backend, seed: Callable[[], Random]) -> None:
    columns, rows = answer(name, Backend("polars", ENGINES["polars"]), seed())
    theirs, found = answer(name, engine, seed())
    assert theirs == columns
    assert len(found) == len(rows)
    for own, other in zip(rows, found, strict=True):
        if not isinstance(own, dict):
            assert own == other
            continue
        for column, value in own.items():
            seen = other[column]
            if isinstance(value, float) and seen is not None:
                assert seen == pytest.approx(value, rel=1e-9, abs=1e-9), column
            else:
                assert (seen, type(seen)) == (value, type(value)), column


@pytest.mark.parametrize("name", QUESTIONS)
@given(seed=st.integers(0, 2**16))
@settings(max_examples=2)
def test_engines_agree(name: str, seed: int) -> None:
    for engine in ENGINES:
        if engine not in {"polars", "pyspark"}:
            assert_same(name, Backend(engine, ENGINES[engine]), lambda: Random(seed))  # noqa: S311


@pytest.mark.parametrize("name", QUESTIONS)
def test_spark_agrees(name: str, spark_backend: Backend) -> None:
    assert_same(name, spark_backend, lambda: Random(3))  # noqa: S311

"""Every public function that takes a frame gives the same rows on every engine.

Polars is the oracle; what it says is tested where the function is. The tables are drawn by
Hypothesis, with nulls, ties, gaps and strangers; Spark, which takes seconds, is asked once each.

Functions of churn take longer, a panel or a fitted model first, and are asked on every engine where
they are tested: here is only seen to it that none is left out.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from tests import random_tables as drawn
from tests.conftest import ENGINES, Backend

from telcrm import churn, kpi, segmentation, value
from telcrm.domain import ActivityRule
from telcrm.kpi import ContactCost, MovementPolicy, ServiceLevelPolicy, ServingCosts
from telcrm.rules import Rule, RuleSet, field
from telcrm.segmentation import (
    AbcSegmenter,
    GaussianMixtureSegmenter,
    HdbscanSegmenter,
    KMeansSegmenter,
    LifecycleSegmenter,
    RfmSegmenter,
    RuleSegmenter,
    Segmenter,
    ValueMatrixSegmenter,
)

AS_OF = date(2024, 6, 30)
RATE = value.DiscountRate(annual=0.1)
COSTS = ServingCosts(
    channels=(ContactCost(channel="call_centre", per_contact=1.0, per_minute=0.6),), other=0.1
)

Make = Callable[..., list[Any]]
"""Takes tables as columns, and makes frames of one engine, which may meet in one question."""
Question = Callable[[Make, Random], Any]
Answer = tuple[list[str], list[Any]]
"""Columns, and rows or a value."""


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


def customers(chance: Random) -> drawn.Columns:
    """Two loose groups of customers with a few traits, some of them not known."""
    rows = [
        {
            "customer_id": f"c{number:02}",
            "segment": chance.choice(["mass", "premium"]),
            "region": chance.choice(["north", "south", None]) if number else "north",
            "revenue": level + chance.choice([0.0, 1.5, 3.0]),
            "data_gb": level / 4 + chance.random(),
        }
        for number in range(30)
        for level in [10.0 if number % 2 else 60.0]
    ]
    return {name: [row[name] for row in rows] for name in rows[0]}


def holdings(chance: Random) -> drawn.Columns:
    """Which products customers hold; some twice."""
    pairs = [
        (f"c{number}", product)
        for number in range(chance.randint(3, 12))
        for product in chance.choices(["fibre", "mobile", "tv", "phone"], k=chance.randint(1, 4))
    ]
    return {"customer_id": [who for who, _ in pairs], "product_id": [what for _, what in pairs]}


def assigned_months(chance: Random) -> drawn.Columns:
    """Segments that appear and vanish, customers that come and go, some without a segment."""
    rows = [
        {"customer_id": who, "period": period, "segment": chance.choice(["A", "B", None])}
        for who in "abcdefg"
        for period in drawn.MONTHS
        if chance.random() < 0.7
    ]
    rows[0]["segment"] = "A"
    return {name: [row[name] for row in rows] for name in rows[0]}


def lifecycle_facts(chance: Random) -> drawn.Columns:
    """Facts on all sides of every threshold, and a prospect."""
    rows: list[dict[str, Any]] = [
        {
            "customer_id": f"c{number:02}",
            "months_since_active": chance.choice([0, 1, 2, 3, 9]),
            "months_without_revenue": chance.choice([0, 1, 4]),
            "tenure_months": chance.choice([0, 2, 3, 40]),
            "recent_revenue": chance.choice([0.0, 8.0, 10.0, 12.0]),
            "earlier_revenue": chance.choice([0.0, 10.0]),
        }
        for number in range(12)
    ]
    rows.append(dict.fromkeys(rows[0]) | {"customer_id": "prospect"})
    return {name: [row[name] for row in rows] for name in rows[0]}


def payments(chance: Random) -> drawn.Columns:
    """Money of the customers who have bills."""
    rows = [
        {
            "customer_id": chance.choice("abcd"),
            "paid_on": date(2024, 1, 1) + timedelta(days=chance.randrange(170)),
            "amount": chance.choice([10.0, 20.0, 35.5]),
        }
        for _ in range(chance.randint(1, 10))
    ]
    return {name: [row[name] for row in rows] for name in rows[0]}


def everybody(chance: Random) -> drawn.Columns:
    return {"customer_id": list("abcdefg"), "since": [date(2023, 1, 1)] * 7}


FEATURES = ["revenue", "data_gb"]
RULES = RuleSet(
    name="tiers",
    version=1,
    rules=(
        Rule(name="top", when=field("revenue") >= 60, then="top"),
        Rule(name="north", when=field("region") == "north", then="north"),
    ),
    otherwise="rest",
)
months, lines = drawn.subscriber_months, drawn.subscriptions


def all_statuses(make: Make, chance: Random) -> Any:
    who, own, base, bills, money = make(
        everybody(chance), lines(chance), months(chance), drawn.invoices(chance), payments(chance)
    )
    return segmentation.status_facts(
        who, own, as_of=AS_OF, months=base, invoices=bills, payments=money
    )


def recommended(make: Make, chance: Random) -> Any:
    [frame] = make(holdings(chance))
    rules = segmentation.cross_sell_rules(
        segmentation.baskets(frame, min_support=0.1), min_confidence=0.1, min_lift=0.5
    )
    return segmentation.recommend_products(frame, rules)


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
SEGMENTS |= {
    "segment_by_rules": of(customers, lambda f: segmentation.segment_by_rules(f, RULES)),
    "rule_coverage": of(customers, lambda f: segmentation.rule_coverage(f, RULES)),
    "lifecycle_facts": both(
        months,
        everybody,
        lambda f, who: segmentation.lifecycle_facts(f, as_of=AS_OF, customers=who),
    ),
    "lifecycle": of(lifecycle_facts, segmentation.lifecycle),
    "payment_behaviour": both(
        drawn.invoices,
        payments,
        lambda f, money: segmentation.payment_behaviour(f, money, as_of=AS_OF),
    ),
    "status_facts": all_statuses,
    "customer_status": lambda make, chance: segmentation.customer_status(
        all_statuses(make, chance)
    ),
    "migration": of(assigned_months, segmentation.migration),
    "segment_stability": of(assigned_months, segmentation.segment_stability),
    "profile": of(
        customers,
        lambda f: segmentation.profile(f, features=FEATURES, levels=["region"], min_support=2),
    ),
    "baskets": of(holdings, lambda f: segmentation.baskets(f, min_support=0.1)),
    "cross_sell_rules": of(
        holdings,
        lambda f: segmentation.cross_sell_rules(
            segmentation.baskets(f, min_support=0.1), min_confidence=0.1, min_lift=0.5
        ),
    ),
    "recommend_products": recommended,
    "describe_segments": of(
        customers,
        lambda f: segmentation.describe_segments(
            segmentation.profile(f, features=FEATURES, min_support=2)
        ),
    ),
    "cluster_stability": of(
        customers,
        lambda f: segmentation.cluster_stability(
            f, KMeansSegmenter(features=FEATURES, n_clusters=2, n_init=1), n_boot=2
        ),
    ),
    "suggest_cluster_count": of(
        customers,
        lambda f: segmentation.suggest_cluster_count(
            f,
            KMeansSegmenter(features=FEATURES, n_clusters=2, n_init=1),
            counts=(2, 3),
            n_boot=2,
            n_references=2,
        ),
    ),
}


def buyers(chance: Random) -> drawn.Columns:
    """Customers with what is known of their recharges, some of them alike."""
    rows = [
        {
            "customer_id": f"c{number:02}",
            "segment": chance.choice(["mass", "premium"]),
            "frequency": often,
            "recency": chance.choice([3.0, 11.0, 29.0]) if often else 0.0,
            "age": 30.0,
            "monetary_value": chance.choice([5.0, 12.5]) if often else None,
            "lifetime_value": chance.choice([-1.0, 4.0, 20.0]),
            "margin": chance.choice([-2.0, 0.0, 5.0]),
            "loyalty": chance.choice([0.2, 0.8]),
        }
        for number in range(14)
        for often in [chance.choice([0, 1, 4]) if number else 2]
    ]
    return {name: [row[name] for row in rows] for name in rows[0]}


def survivors(chance: Random) -> drawn.Columns:
    left = [1000]
    for _ in range(4):
        left.append(left[-1] - chance.randint(0, 90))
    return {"cohort": ["x"] * 5, "period": list(range(5)), "survivors": left}


def won_at(chance: Random) -> drawn.Columns:
    """What it cost to win the customers of the months."""
    return {
        "customer_id": list("abcde"),
        "since": [date(2024, 1, 1)] * 5,
        "acquisition_cost": [chance.choice([0.0, 20.0, 500.0]) for _ in range(5)],
    }


def margins(chance: Random) -> drawn.Columns:
    table = months(chance)
    return {**table, "margin": [chance.choice([-3.0, 10.0]) for _ in table["period"]]}


CELLS: drawn.Columns = {
    "frequency": [0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 5, 5, 9, 14],
    "recency": [0.0, 5.0, 5.0, 25.0, 25.0, 20.0, 20.0, 34.0, 30.0, 30.0, 36.0, 36.0, 37.0, 38.0],
    "age": [38.9] * 14,
    "monetary_value": [
        *[None, 5.0, 30.0, 90.0, 12.0, 12.0, 45.0],
        *[25.0, 40.0, 9.0, 15.0, 50.0, 60.0, 9.0],
    ],
    "weight": [1400, 150, 150, 65, 65, 50, 50, 60, 25, 25, 20, 20, 20, 8],
}


@cache
def buying() -> value.BetaGeoModel:
    return value.BetaGeoModel(customers="weight").fit(pl.DataFrame(CELLS))


@cache
def spending() -> value.GammaGammaModel:
    return value.GammaGammaModel(customers="weight").fit(pl.DataFrame(CELLS))


def in_order(frame: Any) -> Any:
    """Scored rows come as the engine has them, which in SQL is in any order."""
    return nw.from_native(frame).sort("customer_id").to_native()


def tracked(frame: Any) -> Any:
    found = value.cumulative_transactions(frame, model=buying(), at="recharged_at", until=AS_OF)
    return found.time, found.actual, [round(each, 9) for each in found.expected]


def weighed(chance: Random) -> drawn.Columns:
    """Kinds of customers that tell all parameters, in any order."""
    rows = list(zip(*CELLS.values(), strict=True))
    chance.shuffle(rows)
    table = dict(zip(CELLS, map(list, zip(*rows, strict=True)), strict=True))
    return {"customer_id": [f"c{number}" for number in range(len(rows))], **table}


def valued_here(frame: Any) -> Any:
    """Fit on the engine, store, load, and value the same customers."""
    bought = value.BetaGeoModel(customers="weight").fit(frame)
    spent = value.GammaGammaModel(customers="weight").fit(frame)
    return in_order(
        value.lifetime_value(
            frame,
            purchases=value.BetaGeoModel.from_json(bought.to_json()),
            spend=value.GammaGammaModel.from_json(spent.to_json()),
            discount_rate=RATE,
        )
    )


def without_value(frame: Any) -> Any:
    return nw.from_native(frame).drop("lifetime_value").to_native()


VALUES: dict[str, Question] = {
    "summarize_transactions": of(
        drawn.recharges,
        lambda f: value.summarize_transactions(
            f,
            at="recharged_at",
            amount="amount",
            until=AS_OF,
            calibration_until=date(2024, 4, 30),
            intervals=True,
        ),
    ),
    "cumulative_transactions": of(drawn.recharges, tracked),
    "lifetime_value": of(
        buyers,
        lambda f: in_order(
            value.lifetime_value(
                without_value(f),
                purchases=buying(),
                spend=spending(),
                discount_rate=RATE,
                horizon=52,
            )
        ),
    ),
    "lifetime_value by models fitted here": of(weighed, valued_here),
    "lifetime_value_interval": of(
        buyers,
        lambda f: in_order(
            value.lifetime_value_interval(
                without_value(f),
                purchases=buying(),
                spend=spending(),
                discount_rate=RATE,
                horizon=52,
                draws=20,
                random_state=1,
            )
        ),
    ),
    "value_by_segment": of(buyers, lambda f: value.value_by_segment(f, draws=30, random_state=1)),
    "whale_curve": of(buyers, value.whale_curve),
    "value_placement": of(
        buyers,
        lambda f: value.value_placement(
            f,
            value.PlacementPolicy(value_cut=0.0, potential_cut=3.0, loyalty_cut=0.5),
            current_value="margin",
            potential_value="lifetime_value",
            loyalty="loyalty",
        ),
    ),
    "lost_customer_value": of(
        buyers,
        lambda f: in_order(value.lost_customer_value(f, retention=0.9, discount_rate=0.01)),
    ),
    "customer_margin": of(months, lambda f: value.customer_margin(f, period="period")),
    "acquisition_payback": both(margins, won_at, value.acquisition_payback),
    "cohort_survivors": of(survivors, lambda f: value.cohort_survivors(f, cohort="cohort")),
}


def at_risk(chance: Random) -> drawn.Columns:
    """Months of lines under contract, some of which leave."""
    rows = [
        {
            "customer_id": f"L{line:02}",
            "tenure_months": start + month,
            "to_end": None if line % 4 == 0 else 3 - month,
            "plan": "duo" if line % 3 else "solo",
            "margin": 5.0 + line % 7,
            "event": chance.choice(["voluntary", "involuntary"]) if month == last else None,
        }
        for line in range(60)
        for start, last in [(chance.randint(0, 30), line % 5)]
        for month in range(min(last, 3) + 1)
    ]
    return {name: [row[name] for row in rows] for name in rows[0]}


def contracts_here(frame: Any) -> Any:
    """Fit on the engine, store, load, and value the months as if each were a line."""
    model = value.ContractValueModel(
        subscription="customer_id",
        months_to_contract_end="to_end",
        covariates=("plan",),
        baseline=value.TenureBaseline(form="constant"),
        ridge=1.0,
    ).fit(frame)
    found = value.ContractValueModel.from_json(model.to_json()).lifetime_value(frame)
    return nw.from_native(found).sort("customer_id", "tenure_months").to_native()


def lifetimes_here(frame: Any) -> Any:
    """Fit on the engine, store, load, and value the same customers."""
    model = value.BetaDiscreteWeibullModel(customers="weight").fit(frame)
    again = value.BetaDiscreteWeibullModel.from_json(model.to_json())
    return in_order(again.lifetime_value(frame, margin="margin", discount_rate=RATE))


def lives(chance: Random) -> drawn.Columns:
    """Who left at which age, many of them soon, and who is still there."""
    left = [131, 126, 90, 60, 42, 34]
    counts = [(age, 1, number + chance.randint(0, 5)) for age, number in enumerate(left, 1)]
    rows = [
        {"customer_id": f"{age}{lost}", "age": age, "lost": lost, "margin": 3.0 + age, "weight": n}
        for age, lost, n in [*counts, (6, 0, 517)]
    ]
    return {name: [row[name] for row in rows] for name in rows[0]}


CONTRACTS: dict[str, Question] = {
    "ContractValueModel": of(at_risk, contracts_here),
    "BetaDiscreteWeibullModel": of(lives, lifetimes_here),
}
QUESTIONS = {**KPIS, **SEGMENTS, **VALUES, **CONTRACTS}
FITTED: dict[str, tuple[Callable[[Random], drawn.Columns], Segmenter, dict[str, Any]]] = {
    "RfmSegmenter": (drawn.recharges, RfmSegmenter(bins=3), {"as_of": AS_OF}),
    "AbcSegmenter": (months, AbcSegmenter(), {}),
    "ValueMatrixSegmenter": (
        customers,
        ValueMatrixSegmenter(value="revenue", potential="data_gb", shares=(0.4, 0.8)),
        {},
    ),
    "RuleSegmenter": (customers, RuleSegmenter(rule_set=RULES), {}),
    "LifecycleSegmenter": (lifecycle_facts, LifecycleSegmenter(), {}),
    "KMeansSegmenter": (customers, KMeansSegmenter(features=FEATURES, n_clusters=3, n_init=2), {}),
    "GaussianMixtureSegmenter": (
        customers,
        GaussianMixtureSegmenter(features=FEATURES, n_clusters=2, n_init=1),
        {},
    ),
    "HdbscanSegmenter": (customers, HdbscanSegmenter(features=FEATURES, min_cluster_size=4), {}),
}
"""What to fit and apply, and on what."""


CHURN = {
    "back_test": "evaluation/test_back_test",
    "build_panel": "features/test_catalogue snapshots/test_panel",
    "calibration_by_segment": "monitoring/test_calibration",
    # These two refuse the lazy ones.
    "churn_drivers": "reasons/test_drivers",
    "churn_reasons": "reasons/test_customer_reasons",
    "customer_folds": "snapshots/test_splits",
    "early_warnings": "warnings/test_early_warnings",
    "evaluate_by": "evaluation/test_slices",
    "find_leaks": "snapshots/test_leakage",
    "leaver_destinations": "reasons/test_leavers",
    "leaver_reasons": "reasons/test_leavers",
    "plan_retention": "retention/test_plan_retention",
    "population_stability": "monitoring/test_stability",
    "realised_profit": "monitoring/test_realised",
    "score_churn": "test_scoring",
    "time_splits": "snapshots/test_splits",
    "warning_scores": "warnings/test_scores",
}
"""Where functions of churn are asked on every engine."""


def takes_frame(function: object) -> bool:
    if not inspect.isfunction(function):
        return False
    names = list(inspect.signature(function).parameters)
    return names[:1] in (["frame"], ["result"], ["item_sets"], ["profiled"])


def takes_frame_of_churn(function: object) -> bool:
    if not inspect.isfunction(function):
        return False
    names = list(inspect.signature(function).parameters)
    after_model = names[1:] if names[:1] in (["model"], ["profile"]) else names
    return after_model[:1] in (["frame"], ["tables"], ["snapshots"])


@pytest.mark.parametrize(
    ("room", "questions"),
    [(kpi, KPIS), (segmentation, SEGMENTS), (value, VALUES)],
    ids=["kpi", "segmentation", "value"],
)
def test_no_function_that_takes_a_frame_is_left_out(
    room: ModuleType, questions: dict[str, Question]
) -> None:
    public = {name for name in room.__all__ if takes_frame(getattr(room, name))}
    assert {name.split()[0] for name in questions} == public


def test_no_function_of_churn_that_takes_a_frame_is_left_out() -> None:
    public = {name for name in churn.__all__ if takes_frame_of_churn(getattr(churn, name))}
    assert set(CHURN) == public


@pytest.mark.parametrize("name", CHURN)
def test_functions_of_churn_are_asked_on_every_engine_where_they_are_tested(name: str) -> None:
    folder = Path(__file__).parent / "churn"
    source = "".join((folder / f"{module}.py").read_text() for module in CHURN[name].split())
    fixtures = set(re.findall(r"(\w+): Backend", source))
    assert re.search(rf"\b{name}\(", source)
    assert "backend" in fixtures or "spark_backend" in fixtures
    assert fixtures & {"backend", "quick_backend", "distinct_backend"}


def test_no_kind_of_segmenter_is_left_out() -> None:
    public = {name for name in segmentation.__all__ if name.endswith("Segmenter")}
    assert set(FITTED) == public - {"Segmenter", "ClusterSegmenter"}


def fitted(name: str, engine: Backend, chance: Random) -> Any:
    """Learn on an engine, store, load, and apply to the same customers."""
    table, segmenter, when = FITTED[name]
    frame = engine.frame(table(chance))
    learnt = clone(segmenter).fit(frame, **when)
    return Segmenter.from_json(learnt.to_json()).predict(frame, **when)


def answer(name: str, engine: Backend, chance: Random) -> Answer:
    """Columns and rows; of a function that returns no frame, the value."""
    if name in FITTED:
        found = fitted(name, engine, chance)
    else:
        found = QUESTIONS[name](engine.frames, chance)
    try:
        wrapped = nw.from_native(found)
    except TypeError:
        return [], [found]
    assert engine.is_own(found)
    return wrapped.collect_schema().names(), engine.rows(found)


def expected(name: str, seed: int) -> Answer:
    return answer(name, Backend("polars", ENGINES["polars"]), Random(seed))  # noqa: S311 (no secret)


def assert_same(name: str, engine: Backend, seed: int, oracle: Answer) -> None:
    columns, rows = oracle
    theirs, found = answer(name, engine, Random(seed))  # noqa: S311
    assert theirs == columns
    assert len(found) == len(rows)
    for own, other in zip(rows, found, strict=True):
        if not isinstance(own, dict):
            assert own == other
            continue
        for column, told in own.items():
            seen = other[column]
            if isinstance(told, float) and seen is not None:
                assert seen == pytest.approx(told, rel=1e-9, abs=1e-9), column
            elif engine.name == "pandas" and any(row[column] is None for row in rows):
                # NumPy has no whole numbers with a gap: they come as floats with NaN.
                assert seen == told, column
            else:
                assert (seen, type(seen)) == (told, type(told)), column


ALL = [*QUESTIONS, *FITTED]


@pytest.mark.parametrize("name", ALL)
@given(seed=st.integers(0, 2**16))
@settings(max_examples=2)
def test_engines_agree(name: str, seed: int) -> None:
    oracle = expected(name, seed)
    for engine in ENGINES:
        if engine not in {"polars", "pyspark"}:
            assert_same(name, Backend(engine, ENGINES[engine]), seed, oracle)


# Spark plans a movement for seconds: the one by segment holds all of the one without.
@pytest.mark.parametrize("name", [name for name in ALL if name != "movement"])
def test_spark_agrees(name: str, spark_backend: Backend) -> None:
    assert_same(name, spark_backend, 3, expected(name, 3))

"""Plans: what they promise, on every engine, and the tables and arguments they refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import Backend

from telcrm.churn.retention.contact_policy import ContactPolicy
from telcrm.churn.retention.offer import RetentionOffer
from telcrm.churn.retention.plan import LeftAlone, RetentionPlan
from telcrm.churn.retention.plan_retention import plan_retention
from telcrm.errors import (
    ColumnTypeError,
    CurrencyMismatchError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
    RuleMismatchError,
)
from telcrm.rules import field

AS_OF = date(2024, 5, 31)
POLICY = ContactPolicy(opted_out="no_marketing", last_contact="contacted_on", cool_down_days=30)
GIFT = RetentionOffer(
    offer_id="gift", name="A gift", cost=10.0, contact_cost=1.0, acceptance=0.3, channel="sms"
)
CALL = RetentionOffer(
    offer_id="call",
    name="A call and a discount",
    cost=40.0,
    contact_cost=4.0,
    acceptance="call_acceptance",
    stayer_acceptance=0.25,
    saved_share=0.9,
    channel="call_centre",
    capacity=3,
    eligible=field("tenure_months") >= 12,
)
NEW = ("offer_id", "withheld_offer_id", "arm", "reason")


def customers(n: int = 40, seed: int = 0) -> dict[str, list[Any]]:
    chance = np.random.default_rng(seed)
    return {
        "customer_id": [f"c{number:03}" for number in chance.permutation(n)],
        "churn_probability": chance.beta(1.5, 3, n).round(3).tolist(),
        "lifetime_value": chance.gamma(2, 150, n).round(2).tolist(),
        "call_acceptance": chance.choice([0.2, 0.5], n).tolist(),
        "tenure_months": chance.integers(0, 40, n).tolist(),
        "no_marketing": (chance.random(n) < 0.1).tolist(),
        "contacted_on": [
            AS_OF - timedelta(days=int(days)) if days < 80 else None
            for days in chance.integers(0, 120, n)
        ],
        "uplift": chance.normal(0.05, 0.1, n).clip(-1, 1).round(4).tolist(),
    }


def plan(frame: Any, **changes: Any) -> RetentionPlan:
    asked: dict[str, Any] = {
        "offers": [GIFT, CALL],
        "contact_policy": POLICY,
        "as_of": AS_OF,
        "budget": 60.0,
        "capacity": 8,
    }
    return plan_retention(frame, **{**asked, **changes})


def polars(table: dict[str, list[Any]]) -> pl.DataFrame:
    # Where nobody was contacted before, the values do not tell the type.
    return pl.DataFrame(table, schema_overrides={"contacted_on": pl.Date})


def frame_rows(found: RetentionPlan) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = found.frame.to_dicts()
    return rows


@st.composite
def arguments(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "budget": draw(st.none() | st.floats(0.0, 200.0).map(lambda amount: round(amount, 2))),
        "capacity": draw(st.none() | st.integers(0, 12)),
        "uplift": draw(st.sampled_from([None, "uplift"])),
        "offers": draw(
            st.sampled_from([[GIFT], [CALL], [GIFT, CALL], [CALL, GIFT.replace(capacity=4)]])
        ),
    }


tables = st.builds(customers, st.integers(1, 25), st.integers(0, 1_000))


@settings(max_examples=30)
@given(tables, arguments(), st.sampled_from([0.0, 0.3]))
def test_a_plan_keeps_every_limit_and_the_policy(
    table: dict[str, list[Any]], asked: dict[str, Any], control_share: float
) -> None:
    found = plan(polars(table), **asked, control_share=control_share, random_state=3)
    rows = frame_rows(found)
    contacted = [row for row in rows if row["offer_id"] is not None]
    assert found.contacts == len(contacted)
    if asked["budget"] is not None:
        assert sum(row["expected_cost"] for row in rows) <= asked["budget"] * (1 + 1e-9)
    if asked["capacity"] is not None:
        assert len(contacted) <= asked["capacity"]
    for offer in asked["offers"]:
        made = [row for row in contacted if row["offer_id"] == offer.offer_id]
        assert offer.capacity is None or len(made) <= offer.capacity
    for row in contacted:
        assert not row["no_marketing"]
        last = row["contacted_on"]
        assert last is None or (AS_OF - last).days >= 30
        assert row["offer_id"] != "call" or row["tenure_months"] >= 12
        assert row["arm"] == "treatment"
        assert row["reason"] is None
    for row in rows:
        if row["arm"] == "control":
            assert row["offer_id"] is None
            assert row["withheld_offer_id"] is not None
            assert row["reason"] == LeftAlone.CONTROL
        assert (row["offer_id"] is None) == (row["reason"] is not None)


@settings(max_examples=30)
@given(tables, arguments())
def test_totals_agree_with_the_rows_and_the_bound(
    table: dict[str, list[Any]], asked: dict[str, Any]
) -> None:
    found = plan(polars(table), **asked)
    rows = frame_rows(found)
    for name in ("expected_profit", "expected_cost", "expected_saved"):
        assert sum(row[name] for row in rows) == pytest.approx(getattr(found, name), abs=1e-9)
    assert found.expected_profit <= found.bound * (1 + 1e-9)
    assert 0.0 <= found.gap <= 1.0
    assert found.expected_profit >= 0.0
    assert sum(found.left_alone.values()) + found.contacts == found.customers == len(rows)
    contacted = [row for row in rows if row["offer_id"]]
    assert all(row["expected_profit"] > 0 and row["expected_saved"] > 0 for row in contacted)


@settings(max_examples=25)
@given(tables, arguments(), st.floats(0.0, 150.0), st.floats(0.0, 50.0))
def test_more_budget_never_lowers_the_expected_profit(
    table: dict[str, list[Any]], asked: dict[str, Any], budget: float, more: float
) -> None:
    frame = polars({name: values[:12] for name, values in table.items()})
    less = plan(frame, **{**asked, "budget": budget})
    greater = plan(frame, **{**asked, "budget": budget + more})
    assert greater.expected_profit >= less.expected_profit * (1 - 1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_more_budget_costs_a_large_plan_no_more_than_its_gap(seed: int) -> None:
    frame = pl.DataFrame(customers(3_000, seed))
    earlier = 0.0
    for budget in (0.0, 300.0, 1_000.0, 1_001.0, 5_000.0, 50_000.0):
        found = plan(frame, budget=budget, capacity=400)
        assert found.expected_profit * (1 + found.gap) >= earlier
        assert found.gap < 0.01
        earlier = found.expected_profit


@settings(max_examples=20)
@given(tables, arguments(), st.randoms(use_true_random=False), st.sampled_from([0.0, 0.4]))
def test_the_order_of_rows_makes_no_difference(
    table: dict[str, list[Any]], asked: dict[str, Any], chance: Any, control_share: float
) -> None:
    order = list(range(len(table["customer_id"])))
    chance.shuffle(order)
    shuffled = {name: [values[at] for at in order] for name, values in table.items()}
    asked = {**asked, "control_share": control_share, "random_state": 5}
    first, second = plan(polars(table), **asked), plan(polars(shuffled), **asked)
    assert repr(first) == repr(second)
    assert [row["customer_id"] for row in frame_rows(second)] == shuffled["customer_id"]
    assert first.frame.sort("customer_id").equals(second.frame.sort("customer_id"))


HELD_OUT: dict[str, Any] = {
    "control_share": 0.2,
    "random_state": 1,
    "uplift": {"gift": "uplift", "call": "uplift"},
}


def said(found: RetentionPlan, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """All that a plan says, its rows in the order of customers."""
    told = ("customer_id", *NEW, "expected_profit", "expected_saved", "expected_cost")
    return {
        "plan": repr(found),
        "offers": found.offers,
        "left alone": found.left_alone,
        "columns": list(rows[0]),
        "rows": [
            {name: row[name] for name in (*told, "contacted_on")}
            for row in sorted(rows, key=lambda row: row["customer_id"])
        ],
    }


def said_of_polars() -> dict[str, Any]:
    found = plan(pl.DataFrame(customers(60)), **HELD_OUT)
    return said(found, frame_rows(found))


def test_engines_agree(distinct_backend: Backend) -> None:
    found = plan(distinct_backend.frame(customers(60)), **HELD_OUT)
    assert distinct_backend.is_own(found.frame)
    assert said(found, distinct_backend.rows(found.frame)) == said_of_polars()


def test_spark_agrees(spark_backend: Backend) -> None:
    found = plan(spark_backend.frame(customers(60)), **HELD_OUT)
    assert spark_backend.is_own(found.frame)
    assert said(found, spark_backend.rows(found.frame)) == said_of_polars()


def test_arrow_agrees() -> None:
    found = plan(pl.DataFrame(customers(60)).to_arrow(), **HELD_OUT)
    assert isinstance(found.frame, pa.Table)
    assert said(found, found.frame.to_pylist()) == said_of_polars()


def test_every_reason_is_given_in_words() -> None:
    table = {
        "customer_id": list("abcdefghi"),
        "churn_probability": [0.9, 0.9, 0.9, 0.9, 0.0, 0.01, 0.9, 0.5, 0.4],
        "lifetime_value": [500.0] * 9,
        "no_marketing": [True] + [False] * 8,
        "contacted_on": [None, AS_OF - timedelta(days=29), AS_OF - timedelta(days=30)] + [None] * 6,
        "segment": ["mass"] * 3 + ["staff"] + ["mass"] * 5,
    }
    offer = GIFT.replace(eligible=field("segment") != "staff")
    found = plan(pl.DataFrame(table), offers=[offer], budget=None, capacity=2)
    assert [row["reason"] for row in frame_rows(found)] == [
        "opted out",
        "contacted too recently",
        None,
        "eligible for no offer",
        "a contact is not expected to keep the customer",
        "no offer is expected to pay",
        None,
        "the capacity is used for better cases",
        "the capacity is used for better cases",
    ]
    short = plan(pl.DataFrame(table), offers=[offer], budget=10.0, capacity=None)
    assert [row["reason"] for row in frame_rows(short)][-2:] == [
        "the budget is spent on better cases"
    ] * 2
    closed = plan(pl.DataFrame(table), offers=[offer.replace(capacity=0)], budget=10.0)
    assert closed.contacts == 0
    assert closed.left_alone[LeftAlone.CAPACITY] == 4


@pytest.mark.parametrize(
    ("budget", "capacity", "reason"),
    [(5.0, 1, LeftAlone.BUDGET), (1e6, 1, LeftAlone.CAPACITY), (0.0, None, LeftAlone.BUDGET)],
)
def test_the_scarce_thing_is_named(budget: float, capacity: int | None, reason: LeftAlone) -> None:
    table = {
        "customer_id": ["a", "b"],
        "churn_probability": [0.6, 0.6],
        "lifetime_value": [300.0, 290.0],
    }
    found = plan_retention(pl.DataFrame(table), offers=[GIFT], budget=budget, capacity=capacity)
    assert set(found.left_alone) == {reason}


def test_who_is_not_to_be_saved_is_left_alone() -> None:
    table = {
        "customer_id": ["disturbed", "unmoved", "persuadable", "unwanted"],
        "churn_probability": [0.9, 0.9, 0.3, 0.5],
        "lifetime_value": [500.0, 500.0, 500.0, -500.0],
        "uplift": [-0.2, 0.0, 0.2, -0.5],
    }
    by_risk = plan_retention(pl.DataFrame(table), offers=[GIFT])
    by_uplift = plan_retention(pl.DataFrame(table), offers=[GIFT], uplift="uplift")
    assert by_risk.frame["offer_id"].to_list() == ["gift", "gift", "gift", None]
    # To drive a customer of negative value away would pay by the numbers; it is no retention.
    assert by_uplift.frame["offer_id"].to_list() == [None, None, "gift", None]


def test_a_customer_is_contacted_just_above_the_threshold() -> None:
    edge = 11 / 67  # (d + f) / (g (V - d) + d) at V=200, d=10, f=1, g=0.3
    table = {
        "customer_id": ["below", "above"],
        "churn_probability": [edge - 1e-9, edge + 1e-9],
        "lifetime_value": [200.0, 200.0],
    }
    found = plan_retention(pl.DataFrame(table), offers=[GIFT])
    assert found.frame["offer_id"].to_list() == [None, "gift"]


def test_each_offer_may_have_its_own_uplift() -> None:
    table = {
        "customer_id": ["a", "b"],
        "churn_probability": [0.3, 0.3],
        "lifetime_value": [500.0, 500.0],
        "by_gift": [0.2, 0.0],
        "by_tariff": [0.0, 0.2],
    }
    tariff = GIFT.replace(offer_id="tariff")
    found = plan_retention(
        pl.DataFrame(table),
        offers=[GIFT, tariff],
        uplift={"gift": "by_gift", "tariff": "by_tariff"},
    )
    assert found.frame["offer_id"].to_list() == ["gift", "tariff"]
    for wrong in ({"gift": "by_gift"}, {"gift": "by_gift", "tarif": "by_tariff"}, 3):
        with pytest.raises(ParameterError, match="gift', 'tariff"):
            plan_retention(pl.DataFrame(table), offers=[GIFT, tariff], uplift=wrong)  # type: ignore[arg-type]


def test_the_control_group_is_a_random_share_with_the_same_rule() -> None:
    frame = pl.DataFrame(customers(20_000))
    held = plan(frame, control_share=0.25, random_state=11, budget=6_000.0, capacity=None)
    assert held.held_out / (held.held_out + held.contacts) == pytest.approx(0.25, abs=0.02)
    again = plan(frame, control_share=0.25, random_state=11, budget=6_000.0, capacity=None)
    assert held.frame.equals(again.frame)
    other = plan(frame, control_share=0.25, random_state=12, budget=6_000.0, capacity=None)
    assert not held.frame.equals(other.frame)
    arms = held.frame.filter(pl.col("arm").is_not_null()).group_by("arm")
    means = arms.agg(pl.col("churn_probability").mean(), pl.col("lifetime_value").mean())
    treated, control = means.sort("arm", descending=True).rows()
    assert treated[1:] == pytest.approx(control[1:], rel=0.05)


def test_comparisons_say_what_else_the_money_would_bring() -> None:
    frame = pl.DataFrame(customers(5_000))
    free = plan(frame, budget=None, capacity=None, offers=[GIFT], contact_policy=None)
    rows = customers(5_000)
    p, value = np.array(rows["churn_probability"]), np.array(rows["lifetime_value"])
    profit = p * (0.3 * (value - 10) - 1) - (1 - p) * 11
    assert free.target_all == pytest.approx(profit.sum())
    assert free.bound == pytest.approx(profit[profit > 0].sum())
    assert free.gap == 0.0
    cost = 1 + 10 * (0.3 * p + 1 - p)
    share = cost[profit > 0].sum() / cost.sum()
    assert free.target_random == pytest.approx(share * profit.sum())
    assert free.target_random < free.expected_profit
    tight = plan(frame, budget=500.0, capacity=None)
    assert tight.target_random < tight.expected_profit


def test_free_contacts_are_compared_at_their_number() -> None:
    free = GIFT.replace(cost=0.0, contact_cost=0.0)
    table = {
        "customer_id": ["a", "b"],
        "churn_probability": [0.5, 0.1],
        "lifetime_value": [100.0, 100.0],
    }
    found = plan_retention(pl.DataFrame(table), offers=[free], capacity=1, budget=0.0)
    assert found.expected_profit == pytest.approx(15.0)
    assert found.target_random == pytest.approx(9.0)


def test_an_empty_table_gives_an_empty_plan(distinct_backend: Backend) -> None:
    table: dict[str, list[Any]] = {
        "customer_id": ["a"],
        "churn_probability": [0.5],
        "lifetime_value": [1.0],
    }
    import narwhals.stable.v2 as nw

    none = nw.from_native(distinct_backend.frame(table)).filter(nw.col("customer_id") == "b")
    found = plan_retention(none.to_native(), offers=[GIFT], budget=5.0)
    assert found.customers == found.contacts == 0
    assert distinct_backend.rows(found.frame) == []


def test_a_plan_can_be_read() -> None:
    found = plan(pl.DataFrame(customers(200)), control_share=0.1, random_state=0)
    assert repr(found).startswith("RetentionPlan(")
    assert "held out" in repr(found)
    html = found._repr_html_()
    assert "A call and a discount" in html
    assert html.startswith("<table><caption>RetentionPlan(")
    table = found.to_frame()
    assert table["offer_id"].to_list() == ["gift", "call"]
    assert table["contacts"].sum() == found.contacts
    assert table.columns[2:] == ["contacts", "expected_cost", "expected_saved", "expected_profit"]


def changed(**columns: Sequence[Any]) -> pl.DataFrame:
    return pl.DataFrame({**customers(3), **columns})


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"churn_probability": [0.1, None, 0.3]}, "'churn_probability' is null in 1 row"),
        ({"churn_probability": [0.1, float("nan"), 0.3]}, "is not a finite number"),
        ({"churn_probability": [0.1, 1.1, 0.3]}, "is not between 0 and 1 in 1 row"),
        ({"churn_probability": [0.1, -0.1, 0.3]}, "is not between 0 and 1"),
        ({"lifetime_value": [1.0, float("nan"), 1.0]}, "'lifetime_value' is not a finite number"),
        ({"lifetime_value": [1.0, None, 1.0]}, "'lifetime_value' is null"),
        ({"lifetime_value": [1.0, float("inf"), 1.0]}, "'lifetime_value' is not a finite"),
        ({"call_acceptance": [0.1, 0.2, 1.2]}, "'call_acceptance' is not between 0 and 1"),
        ({"uplift": [0.1, 0.2, -1.2]}, "'uplift' is not between -1 and 1"),
        ({"customer_id": ["a", "a", "b"]}, "customer_id comes more than once"),
        ({"customer_id": ["a", None, "b"]}, "'customer_id' is null"),
        ({"no_marketing": [True, None, False]}, "'no_marketing' is null"),
    ],
)
def test_rows_that_say_nothing_certain_are_refused(
    columns: Mapping[str, Sequence[Any]], says: str
) -> None:
    with pytest.raises(InvalidTableError, match=says):
        plan(changed(**columns), uplift="uplift")


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"offers": []}, ParameterError, "a sequence of one RetentionOffer"),
        ({"offers": GIFT}, ParameterError, "a sequence of one RetentionOffer"),
        ({"offers": ["gift"]}, ParameterError, "a sequence of one RetentionOffer"),
        ({"offers": [GIFT, GIFT]}, ParameterError, "'gift' stands in two offers"),
        ({"budget": -1.0}, ParameterError, "budget is -1.0"),
        ({"budget": float("nan")}, ParameterError, "budget is nan"),
        ({"capacity": -1}, ParameterError, "capacity is -1"),
        ({"capacity": 1.5}, ParameterError, "capacity is 1.5"),
        ({"control_share": 1.0}, ParameterError, "nobody is contacted"),
        ({"control_share": -0.1}, ParameterError, "control_share is -0.1"),
        ({"control_share": 0.1}, ParameterError, "random_state is None"),
        ({"as_of": None}, ParameterError, "as_of is None"),
        ({"probability": "risk"}, MissingColumnsError, "probability=<your column>"),
        ({"value": "worth"}, MissingColumnsError, "value="),
        ({"uplift": "gain"}, MissingColumnsError, "uplift="),
        ({"contact_policy": ContactPolicy(opted_out="out")}, MissingColumnsError, "opted_out="),
        ({"offers": [GIFT.replace(acceptance="takes")]}, MissingColumnsError, "acceptance="),
        ({"customer": "lifetime_value"}, ColumnTypeError, "'lifetime_value'"),
        ({"value": "customer_id"}, ColumnTypeError, "has to hold numbers"),
        (
            {"offers": [GIFT.replace(eligible=field("age") > 3)]},
            RuleMismatchError,
            "no column 'age'",
        ),
        (
            {"contact_policy": ContactPolicy(opted_out="tenure_months")},
            RuleMismatchError,
            "'tenure_months'",
        ),
    ],
)
def test_arguments_that_make_no_plan_are_refused(
    changes: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        plan(pl.DataFrame(customers(3)), **changes)


def test_a_column_of_the_result_must_not_be_there_already() -> None:
    with pytest.raises(ParameterError, match="already has a column 'offer_id'"):
        plan(changed(Offer_ID=[1, 2, 3]))


def test_two_currencies_are_refused() -> None:
    with pytest.raises(CurrencyMismatchError):
        plan(changed(currency=["EUR", "USD", "EUR"]))


def test_keys_of_other_types_are_taken(distinct_backend: Backend) -> None:
    table: dict[str, list[Any]] = {
        "customer_id": [9_007_199_254_740_993, 9_007_199_254_740_992, 3],
        "churn_probability": [0.9, 0.1, 0.5],
        "lifetime_value": [100, 100, 100],
    }
    found = plan_retention(distinct_backend.frame(table), offers=[GIFT])
    rows = {row["customer_id"]: row["offer_id"] for row in distinct_backend.rows(found.frame)}
    assert rows == {9_007_199_254_740_993: "gift", 9_007_199_254_740_992: None, 3: "gift"}

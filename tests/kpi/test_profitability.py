"""Profit per customer and cost to serve: plain Python as oracle, and every engine."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.kpi.test_movement import operator

from telcrm.errors import InvalidTableError, ParameterError
from telcrm.kpi import ContactCost, ServingCosts, average_profitability, cost_to_serve
from telcrm.testing import bases

JAN, FEB = date(2024, 1, 1), date(2024, 2, 1)


@given(base=bases(), data=st.data())
@settings(max_examples=20)
def test_customers_added_up_by_hand_agree(base: pl.DataFrame, data: st.DataObject) -> None:
    amounts = st.none() | st.sampled_from([0.0, 0.1, 5.0])
    costs = data.draw(st.lists(amounts, min_size=len(base), max_size=len(base)))
    frame = base.with_columns(direct_cost=pl.Series(costs, dtype=pl.Float64))
    each: defaultdict[tuple[date, str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for row in frame.to_dicts():
        own = each[row["period"], row["segment"], row["customer_id"]]
        own[0] += row["revenue"]
        own[1] += row["direct_cost"] or 0
    expected: defaultdict[tuple[date, str], list[list[float]]] = defaultdict(list)
    for (period, segment, _), own in each.items():
        expected[period, segment].append(own)
    rows = average_profitability(frame, by="segment").to_dicts()
    assert [(row["period"], row["segment"]) for row in rows] == sorted(expected)
    for row in rows:
        those = expected[row["period"], row["segment"]]
        margin = sum(earned - cost for earned, cost in those)
        assert row["customers"] == len(those)
        assert row["margin"] == pytest.approx(margin, abs=1e-6)
        assert row["average_profit"] == pytest.approx(margin / len(those), abs=1e-6)
        none = [own for own in those if round(own[0] - own[1], 6) <= 0]
        assert row["unprofitable"] == len(none)
        assert row["unprofitable_share"] == len(none) / len(those)
        if row["revenue"] > 0:
            assert row["margin_rate"] == row["margin"] / row["revenue"]
        else:
            assert row["margin_rate"] is None


def test_every_engine_gives_the_same_profits(backend: Any) -> None:
    columns = operator(60)
    columns["direct_cost"] = [None if at % 5 == 0 else 0.1 for at in range(len(columns["period"]))]
    columns["serving"] = [0.25] * len(columns["period"])
    given: dict[str, Any] = {"by": "segment", "costs": ["direct_cost", "serving"]}
    result = average_profitability(backend.frame(columns), **given)
    assert backend.is_own(result)
    assert backend.rows(result) == average_profitability(pl.DataFrame(columns), **given).to_dicts()


CONTACTS: dict[str, list[Any]] = {
    "customer_id": ["ann", "ann", "bob", "ann"],
    "started_at": [
        datetime(2024, 1, 31, 23, 59),
        datetime(2024, 1, 1),
        datetime(2024, 1, 9),
        datetime(2024, 2, 1),
    ],
    "channel": ["call_centre", "app", "shop", "call_centre"],
    "duration_s": [90, None, 600, 0],
}
COSTS = ServingCosts(
    channels=(
        ContactCost(channel="call_centre", per_contact=1.0, per_minute=2.0),
        ContactCost(channel="shop", per_minute=0.5),
    ),
    other=0.25,
)


def test_every_engine_costs_contacts_alike(backend: Any) -> None:
    result = cost_to_serve(backend.frame(CONTACTS), COSTS)
    assert backend.is_own(result)
    assert [tuple(row.values()) for row in backend.rows(result)] == [
        ("ann", JAN, 2, 4.25),
        ("ann", FEB, 1, 1.0),
        ("bob", JAN, 1, 5.0),
    ]


def test_cost_to_serve_joins_subscriber_months() -> None:
    months = pl.DataFrame(
        {"customer_id": ["ann", "bob"], "period": [JAN, JAN], "revenue": [10.0, 3.0]}
    )
    served = cost_to_serve(pl.DataFrame(CONTACTS), COSTS)
    joined = months.join(served, on=["customer_id", "period"], how="left")
    profit = average_profitability(joined, costs="cost_to_serve").row(0, named=True)
    assert (profit["margin"], profit["unprofitable"]) == (3.75, 1)


def test_what_cannot_be_costed_is_refused(backend: Any) -> None:
    with pytest.raises(InvalidTableError, match="'duration_s' is negative in 1 row"):
        cost_to_serve(backend.frame(CONTACTS | {"duration_s": [1, None, -5, 0]}), COSTS)
    nowhere = CONTACTS | {"channel": ["app", None, "app", "app"]}
    with pytest.raises(InvalidTableError, match="'channel' is null in 1 row"):
        cost_to_serve(backend.frame(nowhere), COSTS)
    with pytest.raises(ParameterError, match="would stand twice"):
        cost_to_serve(backend.frame(CONTACTS), COSTS, customer="contacts")
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        ContactCost(channel="app", per_contact=-1)

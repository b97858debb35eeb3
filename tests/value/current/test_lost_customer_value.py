"""What goes with a customer: the margin multiple line by line, and every engine."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.errors import (
    DivergentValueError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
)
from telcrm.value.current.lost_customer_value import lost_customer_value
from telcrm.value.equity.margin_multiple import FirstMargin, margin_multiple

SAVED: dict[str, Any] = {
    "avoided_cost": "offer",
    "saved_subsidy": "device",
    "termination_fee": "fee",
}
SCHEMA = {
    "customer_id": pl.String,
    "margin": pl.Float64,
    "retention": pl.Float64,
    **dict.fromkeys(SAVED.values(), pl.Float64),
}
amounts = st.none() | st.sampled_from([0.0, 0.1, 25.0])
lines = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from([-10.0, 0.0, 0.1, 30.0]),
        st.sampled_from([0.0, 0.5, 0.97, 1.0]),
        amounts,
        amounts,
        amounts,
    ),
    max_size=10,
)


@given(
    lines,
    st.sampled_from(FirstMargin),
    st.none() | st.integers(1, 60),
    st.sampled_from([-0.1, 0.0, 0.1]),
    st.booleans(),
)
@settings(max_examples=60)
def test_lines_valued_one_by_one_agree(
    rows: list[Any], timing: FirstMargin, horizon: int | None, growth: float, own: bool
) -> None:
    terms: dict[str, Any] = {"first_margin": timing, "horizon": horizon, "growth": growth}
    found = lost_customer_value(
        pl.DataFrame(rows, schema=SCHEMA, orient="row"),
        retention="retention" if own else 0.9,
        discount_rate=0.12,
        **SAVED,
        **terms,
    )
    lost: defaultdict[str, float] = defaultdict(float)
    saved: defaultdict[str, float] = defaultdict(float)
    for who, margin, retention, *parts in rows:
        lost[who] += margin * margin_multiple(retention if own else 0.9, 0.12, **terms)
        saved[who] += sum(part or 0.0 for part in parts)
    assert found["customer_id"].to_list() == sorted(lost)
    for row in found.to_dicts():
        who = row["customer_id"]
        assert row["expected_margin_lost"] == pytest.approx(lost[who], rel=1e-9, abs=1e-6)
        net = lost[who] - saved[who]
        assert row["lost_customer_value"] == pytest.approx(net, rel=1e-9, abs=2e-6)


@pytest.mark.parametrize("below", [0.0, 1e-12, 1e-8, 1e-5])
def test_a_horizon_is_valued_also_where_nobody_leaves(below: float) -> None:
    frame = pl.DataFrame({"customer_id": ["a"], "margin": [1.0], "retention": [1.0 - below]})
    found = lost_customer_value(frame, retention="retention", discount_rate=0.0, horizon=120)
    expected = margin_multiple(1.0 - below, 0.0, horizon=120)
    assert found["expected_margin_lost"].item() == pytest.approx(expected, abs=2e-6)


LEAVING = {
    "customer_id": ["ann", "bob", "ann"],
    "margin": [100.0, 10.0, 1.0],
    "retention": [0.8, 1.0, 0.0],
    "fee": [50.0, None, 0.5],
}


@pytest.mark.parametrize("horizon", [None, 24])
@pytest.mark.parametrize("retention", ["retention", 0.9])
def test_every_engine_values_alike(
    distinct_backend: Any, horizon: int | None, retention: str | float
) -> None:
    terms: dict[str, Any] = {
        "retention": retention,
        "discount_rate": 0.2,
        "termination_fee": "fee",
        "horizon": horizon,
    }
    found = lost_customer_value(distinct_backend.frame(LEAVING), **terms)
    assert distinct_backend.is_own(found)
    expected = lost_customer_value(pl.DataFrame(LEAVING), **terms).to_dicts()
    assert list(expected[0]) == [
        "customer_id",
        "margin",
        "fee",
        "expected_margin_lost",
        "lost_customer_value",
    ]
    assert distinct_backend.rows(found) == expected


def test_some_are_better_let_go() -> None:
    frame = pl.DataFrame({"customer_id": ["a"], "margin": [2.0], "offer": [30.0]})
    found = lost_customer_value(frame, retention=0.5, discount_rate=0.0, avoided_cost="offer")
    assert found.row(0) == ("a", 2.0, 30.0, 2.0, -28.0)


def test_what_has_no_finite_sum_is_refused(distinct_backend: Any) -> None:
    with pytest.raises(DivergentValueError, match=r"retention 1\.0, growth 0\.0 and discount"):
        lost_customer_value(
            distinct_backend.frame(LEAVING), retention="retention", discount_rate=0.0
        )
    with pytest.raises(DivergentValueError, match="no finite sum"):
        lost_customer_value(pl.DataFrame(LEAVING), retention=0.9, growth=0.5, discount_rate=0.1)


def test_without_rows_there_is_nothing_to_lose() -> None:
    empty = pl.DataFrame(LEAVING).clear()
    assert lost_customer_value(empty, retention="retention", discount_rate=0.0).is_empty()


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        ({"retention": [0.5, 1.1, -1]}, {}, InvalidTableError, "no share from 0 to 1 in 2 rows"),
        ({"retention": [None, 0.5, 0.5]}, {}, InvalidTableError, "'retention' is null in 1 row"),
        ({"margin": [None, 0.5, 0.5]}, {}, InvalidTableError, "'margin' is null in 1 row"),
        (
            {"fee": [float("inf"), 0.5, 0.5]},
            {"termination_fee": "fee"},
            InvalidTableError,
            "'fee' is not a finite number in 1 row",
        ),
        ({}, {"retention": "stays"}, MissingColumnsError, "lacks 'stays'"),
        ({}, {"retention": 1.5}, ParameterError, "retention is 1.5"),
        ({}, {"discount_rate": -1}, ParameterError, "discount_rate is -1"),
        ({}, {"horizon": 0}, ParameterError, "horizon is 0"),
        ({}, {"first_margin": "later"}, ParameterError, "first_margin='later'"),
        ({}, {"termination_fee": "margin"}, ParameterError, "'margin' would stand twice"),
    ],
)
def test_what_makes_no_value_is_refused(
    change: dict[str, Any], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    terms: dict[str, Any] = {"retention": "retention", "discount_rate": 0.1, **options}
    with pytest.raises(error, match=message):
        lost_customer_value(pl.DataFrame(LEAVING | change), **terms)

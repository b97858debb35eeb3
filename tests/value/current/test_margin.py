"""Margin per customer: rows added up by hand, and every engine."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.errors import (
    ColumnTypeError,
    CurrencyMismatchError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
)
from telcrm.testing import bases
from telcrm.value.current.margin import customer_margin

JAN, FEB = date(2024, 1, 1), date(2024, 2, 1)
COSTS = {"cost_to_serve": "served", "retention_cost": "kept"}


def with_costs(base: pl.DataFrame, data: st.DataObject) -> pl.DataFrame:
    amounts = st.none() | st.sampled_from([0.0, 0.1, 5.0, 12.5])
    drawn = {
        name: data.draw(st.lists(amounts, min_size=len(base), max_size=len(base)))
        for name in ("direct_cost", "served", "kept")
    }
    return base.with_columns(
        **{name: pl.Series(values, dtype=pl.Float64) for name, values in drawn.items()}
    )


@given(base=bases(), data=st.data(), monthly=st.booleans())
def test_customers_added_up_by_hand_agree(
    base: pl.DataFrame, data: st.DataObject, monthly: bool
) -> None:
    frame = with_costs(base, data)
    sums: defaultdict[tuple[Any, str], list[float]] = defaultdict(lambda: [0.0] * 4)
    for row in frame.to_dicts():
        own = sums[row["period"] if monthly else None, row["customer_id"]]
        for at, name in enumerate(["revenue", "direct_cost", "served", "kept"]):
            own[at] += row[name] or 0.0
    found = customer_margin(frame, **COSTS, period="period" if monthly else None)
    margins = {key: round(own[0] - sum(own[1:]), 6) for key, own in sums.items()}
    rows = found.to_dicts()
    assert {(row.get("period"), row["customer_id"]) for row in rows} == set(sums)
    assert len(rows) == len(sums)
    for row in rows:
        key = row.get("period"), row["customer_id"]
        parts = [row[name] for name in ("revenue", "direct_cost", "served", "kept")]
        assert parts == pytest.approx(sums[key], abs=1e-6)
        assert row["margin"] == pytest.approx(margins[key], abs=1e-6)
        beside = [margin for (month, _), margin in margins.items() if month == key[0]]
        assert row["margin_rank"] == 1 + sum(margin > margins[key] for margin in beside)
        if sum(beside) > 1e-6:
            assert row["margin_share"] == pytest.approx(margins[key] / sum(beside), abs=1e-6)
        else:
            assert row["margin_share"] is None
        if row["revenue"] > 0:
            assert row["margin_rate"] == row["margin"] / row["revenue"]
        else:
            assert row["margin_rate"] is None


@given(base=bases(min_rows=1), data=st.data())
def test_the_best_stand_first_and_equal_ones_by_name(
    base: pl.DataFrame, data: st.DataObject
) -> None:
    found = customer_margin(with_costs(base, data), **COSTS)
    order = [(-row["margin"], row["customer_id"]) for row in found.to_dicts()]
    assert order == sorted(order)


@given(base=bases(), data=st.data())
def test_months_add_up_to_all(base: pl.DataFrame, data: st.DataObject) -> None:
    frame = with_costs(base, data)
    monthly = customer_margin(frame, **COSTS, period="period")
    whole = customer_margin(frame, **COSTS)
    by_month = dict(monthly.group_by("customer_id").agg(pl.col("margin").sum()).rows())
    assert by_month == pytest.approx(dict(whole.select("customer_id", "margin").rows()), abs=1e-6)


COLUMNS: dict[str, list[Any]] = {
    "customer_id": ["ann", "bob", "cid", "ann", "dee", "bob"],
    "period": [JAN, JAN, JAN, FEB, FEB, FEB],
    "revenue": [10.3, 0.3, 0.1, 4.0, 0.0, 12.0],
    "direct_cost": [2.0, 0.1, None, 1.0, 0.0, None],
    "served": [0.1, 0.2, 0.1, None, 3.0, 1.0],
}


@pytest.mark.parametrize("period", [None, "period"])
def test_every_engine_gives_the_same_margins(distinct_backend: Any, period: str | None) -> None:
    given: dict[str, Any] = {"cost_to_serve": "served", "period": period}
    found = customer_margin(distinct_backend.frame(COLUMNS), **given)
    assert distinct_backend.is_own(found)
    expected = customer_margin(pl.DataFrame(COLUMNS), **given).to_dicts()
    assert distinct_backend.rows(found) == expected


def test_noise_of_floats_neither_parts_equals_nor_makes_two_zeros(distinct_backend: Any) -> None:
    columns = {
        "customer_id": ["a", "a", "b", "c", "d", "d", "e", "e", "e"],
        "revenue": [0.1, 0.2, 0.3, 0.0, -0.1, -0.2, -0.1, -0.2, 0.3],
        "direct_cost": [0.3, 0.0, 0.3, 0.0, 0.0, -0.3, 0.0, 0.0, 0.0],
    }
    rows = distinct_backend.rows(customer_margin(distinct_backend.frame(columns)))
    assert [(row["customer_id"], row["margin"], row["margin_rank"]) for row in rows] == [
        (name, 0.0, 1) for name in "abcde"
    ]
    assert [str(row["margin"]) for row in rows] == ["0.0"] * 5


def test_a_loss_of_one_is_more_than_all_for_others() -> None:
    frame = pl.DataFrame({"customer_id": ["a", "b"], "revenue": [30.0, 10.0], "cost": [0, 20]})
    found = customer_margin(frame, direct_cost="cost")
    assert found["margin_share"].to_list() == [1.5, -0.5]
    assert customer_margin(frame, direct_cost=None)["margin"].to_list() == [30.0, 10.0]


@pytest.mark.parametrize("loss", [10.0, 10.3, 25.0])
def test_nobody_has_a_share_of_nothing_or_of_a_loss(loss: float) -> None:
    columns = {"customer_id": ["a", "b", "c"], "revenue": [10.0, 0.3, -loss]}
    found = customer_margin(pl.DataFrame(columns), direct_cost=None)["margin_share"]
    assert found.is_null().all() == (loss > 10)


def test_an_empty_table_has_no_customers(distinct_backend: Any) -> None:
    columns = {name: values[:0] for name, values in COLUMNS.items()}
    empty = pl.DataFrame(columns, schema=pl.DataFrame(COLUMNS).schema)
    found = customer_margin(empty, period="period")
    assert found.is_empty()
    assert found.columns[:2] == ["period", "customer_id"]
    assert customer_margin(empty).is_empty()


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        ({"revenue": [None, *[1.0] * 5]}, {}, InvalidTableError, "'revenue' is null in 1 row"),
        (
            {"direct_cost": [float("inf"), *[1.0] * 5]},
            {},
            InvalidTableError,
            "'direct_cost' is not a finite number in 1 row",
        ),
        ({"customer_id": [None, *"abcde"]}, {}, InvalidTableError, "'customer_id' is null"),
        (
            {"period": [date(2024, 1, 2), *[JAN] * 5]},
            {"period": "period"},
            InvalidTableError,
            "'period' is not the first day of its month",
        ),
        ({"currency": ["EUR", *["USD"] * 5]}, {}, CurrencyMismatchError, "'EUR' with 'USD'"),
        ({"served": ["much"] * 6}, {"cost_to_serve": "served"}, ColumnTypeError, "'served'"),
        ({}, {"cost_to_serve": "serving"}, MissingColumnsError, 'cost_to_serve="served"'),
        ({}, {"cost_to_serve": "direct_cost"}, ParameterError, "'direct_cost' would stand twice"),
        ({}, {"customer": "margin"}, ParameterError, "'margin' would stand twice"),
    ],
)
def test_what_makes_no_margin_is_refused(
    change: dict[str, Any], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        customer_margin(pl.DataFrame(COLUMNS | change), **options)

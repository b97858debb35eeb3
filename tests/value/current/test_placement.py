"""Value, potential and loyalty: eight cells by hand, and every engine."""

from __future__ import annotations

from itertools import product
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.errors import InvalidTableError, MissingColumnsError, ParameterError
from telcrm.value.current.placement import value_placement
from telcrm.value.current.placement_policy import (
    STRATEGIES,
    PlacementLevel,
    PlacementPolicy,
    PlacementStrategy,
)

POLICY = PlacementPolicy(value_cut=1 / 3, potential_cut=0.3, loyalty_cut=0.9)
SCHEMA = {
    "customer_id": pl.String,
    "current_value": pl.Float64,
    "potential_value": pl.Float64,
    "loyalty": pl.Float64,
}
customers = st.dictionaries(
    st.text("abc", min_size=1, max_size=3),
    st.tuples(
        st.sampled_from([-1.0, 0.333333, 1 / 3, 5.0]),
        st.sampled_from([0.0, 0.3, 2.0]),
        st.sampled_from([0.0, 0.9, 1.0, 0.899999]),
    ),
)


def level(number: float, cut: float) -> PlacementLevel:
    return PlacementLevel.HIGH if number >= cut else PlacementLevel.LOW


@given(customers)
def test_cells_by_hand_agree(customers: dict[str, tuple[float, float, float]]) -> None:
    rows = [(who, *axes) for who, axes in customers.items()]
    placed = value_placement(pl.DataFrame(rows, schema=SCHEMA, orient="row"), POLICY)
    expected = []
    for who, (value, potential, loyalty) in sorted(customers.items()):
        cell = level(value, 1 / 3), level(potential, 0.3), level(loyalty, 0.9)
        strategy = STRATEGIES[cell]
        expected.append((who, value, potential, loyalty, *cell, "/".join(cell), strategy))
    assert placed.rows() == expected


def test_every_engine_places_alike_in_all_cells(distinct_backend: Any) -> None:
    axes = list(product([1, 0], [0.3, 0.2], [0.9, 0.5]))
    columns = {
        "customer_id": [f"C-{at}" for at in range(8)],
        **dict(
            zip(["value", "potential", "stays"], map(list, zip(*axes, strict=True)), strict=True)
        ),
    }
    placed = value_placement(
        distinct_backend.frame(columns),
        POLICY,
        current_value="value",
        potential_value="potential",
        loyalty="stays",
    )
    assert distinct_backend.is_own(placed)
    rows = distinct_backend.rows(placed)
    assert [row["strategy"] for row in rows] == list(PlacementStrategy)
    assert rows[1]["cell"] == "high/high/low"


def test_every_cell_has_a_strategy_of_its_own() -> None:
    assert set(STRATEGIES) == set(product(PlacementLevel, repeat=3))
    assert sorted(STRATEGIES.values()) == sorted(PlacementStrategy)


@pytest.mark.parametrize(
    "wrong", [{"value_cut": float("nan")}, {"loyalty_cut": 1.5}, {"loyalty_cut": 0}, {"cut": 1}]
)
def test_what_is_no_policy_is_refused(wrong: dict[str, float]) -> None:
    right = {"value_cut": 1.0, "potential_cut": 1.0, "loyalty_cut": 0.5}
    with pytest.raises(ValueError, match=next(iter(wrong))):
        PlacementPolicy(**{**right, **wrong})


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        ({"customer_id": ["a", "a"]}, {}, InvalidTableError, "comes more than once: 1 key"),
        ({"loyalty": [0.5, 1.5]}, {}, InvalidTableError, "'loyalty' is no share from 0 to 1"),
        ({"loyalty": [0.5, None]}, {}, InvalidTableError, "'loyalty' is null in 1 row"),
        ({"current_value": [float("inf"), 1]}, {}, InvalidTableError, "not a finite number"),
        ({}, {"loyalty": "stays"}, MissingColumnsError, "lacks 'stays'"),
        ({}, {"loyalty": "current_value"}, ParameterError, "would stand twice"),
        ({}, {"customer": "cell"}, ParameterError, "would stand twice"),
    ],
)
def test_what_cannot_be_placed_is_refused(
    change: dict[str, Any], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    right = {
        "customer_id": ["a", "b"],
        "current_value": [1.0, 2.0],
        "potential_value": [1, 2],
        "loyalty": [0.5, 0.9],
    }
    with pytest.raises(error, match=message):
        value_placement(pl.DataFrame(right | change), POLICY, **options)

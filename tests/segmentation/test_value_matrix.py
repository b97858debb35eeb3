"""Value and potential: the definition in plain Python, and every engine."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.errors import InvalidTableError, ParameterError
from telcrm.segmentation import MatrixLevel, value_matrix

CUTS: dict[str, Any] = {"value_cuts": (0.3, 10), "potential_cuts": (1, 2)}

rows = st.lists(
    st.tuples(
        st.sampled_from("abcde"),
        st.sampled_from([-5.0, 0.1, 0.2, 0.3, 9.7, 10.0]),
        st.sampled_from([0, 1, 2]),
    ),
    max_size=12,
)


def level(number: float, cuts: tuple[float, float]) -> str:
    return str(list(MatrixLevel)[(number >= cuts[0]) + (number >= cuts[1])])


@given(rows)
@settings(max_examples=30)
def test_levels_by_hand_agree(rows: list[tuple[str, float, int]]) -> None:
    sums: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for who, value, potential in rows:
        sums[who][0] = round(sums[who][0] + value, 6)
        sums[who][1] += potential
    schema = {"customer_id": pl.String, "value": pl.Float64, "potential": pl.Int64}
    placed = value_matrix(pl.DataFrame(rows, schema=schema, orient="row"), **CUTS)
    expected = []
    for who, own in sorted(sums.items()):
        levels = level(own[0], CUTS["value_cuts"]), level(own[1], CUTS["potential_cuts"])
        expected.append((who, *own, *levels, "/".join(levels)))
    assert placed.rows() == expected


def test_every_engine_places_alike(backend: Any) -> None:
    columns = {
        "customer_id": ["a", "b", "b", "c"],
        "value": [10.0, 0.1, 0.2, -4.0],
        "potential": [0, 1, 1, 1],
    }
    placed = value_matrix(backend.frame(columns), **CUTS)
    assert backend.is_own(placed)
    assert [row["cell"] for row in backend.rows(placed)] == [
        "high/low",
        "medium/high",
        "low/medium",
    ]


@pytest.mark.parametrize("cuts", [(2, 1), (1, 1), (1,), 5, ("1", "2"), (0, float("inf"))])
def test_cuts_are_two_rising_numbers(cuts: Any) -> None:
    frame = pl.DataFrame({"customer_id": ["a"], "value": [1], "potential": [1]})
    with pytest.raises(ParameterError, match=r"potential_cuts are .* two rising numbers"):
        value_matrix(frame, value_cuts=(0, 1), potential_cuts=cuts)


def test_what_cannot_be_placed_is_refused(backend: Any) -> None:
    columns = {"customer_id": ["a", "b"], "value": [1.0, None], "potential": [1, 2]}
    with pytest.raises(InvalidTableError, match="'value' is null in 1 row"):
        value_matrix(backend.frame(columns), **CUTS)
    with pytest.raises(ParameterError, match="would stand twice"):
        value_matrix(backend.frame(columns), potential="value", **CUTS)

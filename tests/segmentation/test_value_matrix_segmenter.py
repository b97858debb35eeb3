"""The value matrix as a segmentation: cuts by shares of customers, worked out in plain Python."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from telcrm.errors import ParameterError
from telcrm.segmentation import ValueMatrixSegmenter, value_matrix

numbers = st.lists(st.integers(0, 30), min_size=3, max_size=15)


def frame_of(values: list[Any]) -> pl.DataFrame:
    names = [f"C-{at:02}" for at in range(len(values))]
    schema = {"customer_id": pl.String, "value": pl.Int64, "potential": pl.Int64}
    return pl.DataFrame({"customer_id": names, "value": values, "potential": values}, schema)


@given(numbers, st.integers(1, 8), st.integers(1, 8))
@settings(max_examples=6)
def test_cuts_leave_their_share_of_customers_below(values: list[int], one: int, more: int) -> None:
    first, second = Fraction(one, 20), Fraction(one + more, 20)
    places = [int(share * len(values)) for share in (first, second)]
    expected = [sorted(values)[place] for place in places]
    segmenter = ValueMatrixSegmenter(shares=(float(first), float(second)), potential_cuts=(1, 2))
    if expected[0] == expected[1]:
        with pytest.raises(ParameterError, match="too few different values of 'value'"):
            segmenter.fit(frame_of(values))
    else:
        assert list(segmenter.fit(frame_of(values)).value_cuts_) == expected


@given(numbers)
@settings(max_examples=5)
def test_predicting_gives_the_cells_of_the_function(values: list[int]) -> None:
    frame = frame_of(values)
    ordered = sorted(values)
    assume(ordered[len(values) // 3] < ordered[2 * len(values) // 3])
    segmenter = ValueMatrixSegmenter().fit(frame)
    cuts: Any = {
        "value_cuts": segmenter.value_cuts_,
        "potential_cuts": segmenter.potential_cuts_,
    }
    expected = value_matrix(frame, **cuts).select("customer_id", segment="cell")
    assert segmenter.predict(frame).equals(expected)


def test_every_engine_learns_and_predicts_alike(backend: Any) -> None:
    columns = {
        "customer_id": ["b", "a", "a", "c"],
        "value": [60.0, 0.1, 0.2, 9.0],
        "potential": [20, 10, 10, 70],
    }
    frame = backend.frame(columns)
    segmenter = ValueMatrixSegmenter(potential_cuts=(20, 30)).fit(frame)
    assert segmenter.value_cuts_ == (9.0, 60.0)
    found = segmenter.predict(frame)
    assert backend.is_own(found)
    assert [tuple(row.values()) for row in backend.rows(found)] == [
        ("a", "low/medium"),
        ("b", "high/medium"),
        ("c", "medium/high"),
    ]


@pytest.mark.parametrize(
    "shares", [(0, 0.5), (0.5, 0.5), (0.5, 1), (0.5,), "ab", None, (0.2, float("nan"))]
)
def test_shares_have_to_rise_between_nothing_and_all(shares: Any) -> None:
    with pytest.raises(ParameterError, match="shares are"):
        ValueMatrixSegmenter(shares=shares).fit(frame_of([1, 2, 3]))


@pytest.mark.parametrize("values", [[], [1], [1, 1, 1, 1]])
def test_too_few_to_tell_apart_need_cuts_of_their_own(values: list[int]) -> None:
    with pytest.raises(ParameterError, match="Give the cuts yourself"):
        ValueMatrixSegmenter().fit(frame_of(values))
    given = ValueMatrixSegmenter(value_cuts=(1, 2), potential_cuts=(1, 2))
    assert given.fit(frame_of([1])).predict(frame_of([1]))["segment"].to_list() == ["medium/medium"]


def test_cuts_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ParameterError, match="value_cuts are"):
        ValueMatrixSegmenter(value_cuts=(2, 1)).fit(frame_of([1, 2, 3]))

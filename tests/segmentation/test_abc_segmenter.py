"""ABC classes as a segmentation: cuts that give the classes of the function, and no others."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.errors import InvalidTableError, ParameterError
from telcrm.segmentation import AbcSegmenter, abc

values = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.integers(-40, 100).map(lambda tenths: tenths / 10)),
    max_size=20,
)
SCHEMA = {"customer_id": pl.String, "revenue": pl.Float64}


@given(values, st.sampled_from([(0.8, 0.95), (0.5, 0.6), (0.01, 0.99)]))
@settings(max_examples=6)
def test_predicting_the_fitted_table_gives_the_classes_of_the_function(
    rows: list[Any], thresholds: tuple[float, float]
) -> None:
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    found = AbcSegmenter(thresholds=thresholds).fit(frame).predict(frame)
    expected = abc(frame, thresholds=thresholds).sort("customer_id")
    assert found.equals(expected.select("customer_id", segment="abc_class"))


@given(values, st.floats(-10, 200), st.floats(-10, 200))
@settings(max_examples=6)
def test_who_brings_more_is_never_in_a_lower_class(
    rows: list[Any], one: float, other: float
) -> None:
    segmenter = AbcSegmenter().fit(pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    pair = pl.DataFrame(
        [("less", min(one, other)), ("more", max(one, other))], SCHEMA, orient="row"
    )
    less, more = segmenter.predict(pair)["segment"]
    assert more <= less


def test_every_engine_learns_and_predicts_alike(backend: Any) -> None:
    columns = {"customer_id": ["b", "a", "a", "c", "d"], "revenue": [80.0, 0.1, 0.2, 15.0, -1.0]}
    frame = backend.frame(columns)
    segmenter = AbcSegmenter().fit(frame)
    assert segmenter.cuts_ == (80.0, 15.0)
    found = segmenter.predict(frame)
    assert backend.is_own(found)
    assert [tuple(row.values()) for row in backend.rows(found)] == [
        ("a", "C"),
        ("b", "A"),
        ("c", "B"),
        ("d", "C"),
    ]


def test_a_class_that_nobody_is_in_has_no_cut() -> None:
    alone = pl.DataFrame({"customer_id": ["a"], "revenue": [5]})
    assert AbcSegmenter().fit(alone).cuts_ == (5.0, None)
    worthless = alone.with_columns(revenue=0)
    segmenter = AbcSegmenter().fit(worthless)
    assert segmenter.cuts_ == (None, None)
    assert segmenter.predict(alone)["segment"].to_list() == ["C"]


def test_what_cannot_be_classed_is_refused() -> None:
    frame = pl.DataFrame({"customer_id": ["a", "b"], "revenue": [1.0, None]})
    with pytest.raises(ParameterError, match="thresholds"):
        AbcSegmenter(thresholds=(0.9, 0.8)).fit(frame)
    with pytest.raises(InvalidTableError, match="is null in 1 row"):
        AbcSegmenter().fit(frame)
    with pytest.raises(InvalidTableError, match="is null in 1 row"):
        AbcSegmenter().fit(frame.head(1)).predict(frame)

"""Cells count the customers of the frame."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from tests.plots.look import overlaps, texts

from telcrm.errors import ColumnTypeError, InvalidTableError, MissingColumnsError
from telcrm.plots import segment_map
from telcrm.segmentation import rfm, value_matrix


@pytest.fixture(scope="module")
def scored(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    return rfm(tables["recharges"], as_of=date(2025, 9, 1), bins=4)


@pytest.fixture
def placed() -> pl.DataFrame:
    frame = pl.DataFrame(
        {"customer_id": list("abcd"), "value": [50.0, 60, 5, 0], "potential": [0.1, 0.2, 0.9, 0.5]}
    )
    return value_matrix(frame, value_cuts=(10, 40), potential_cuts=(0.3, 0.7))


def test_value_stands_upward_and_potential_to_the_right(placed: pl.DataFrame) -> None:
    axes = segment_map(placed)
    empty = "0"
    assert texts(axes) == [
        *(empty, "1 (25%)\n0 (0%)", "1 (25%)\n5 (4%)"),
        *(empty, empty, empty),
        *("2 (50%)\n110 (96%)", empty, empty),
    ]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("potential level", "value level")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["low", "medium", "high"]
    assert axes.get_title(loc="left") == "4 customers and their value"
    assert overlaps(axes) == []


def test_scores_of_rfm(scored: pl.DataFrame) -> None:
    axes = segment_map(scored)
    counts = {
        (f, r): (n, money)
        for f, r, n, money in scored.group_by("frequency_score", "recency_score")
        .agg(pl.len(), pl.col("monetary").sum())
        .rows()
    }
    assert len(texts(axes)) == 16
    for at, text in enumerate(texts(axes)):
        count, _ = counts.get((at % 4 + 1, at // 4 + 1), (0, 0.0))
        assert int(text.partition(" ")[0]) == count
    assert overlaps(axes) == []
    assert "\n" not in texts(segment_map(scored.drop("monetary")))[0]
    assert segment_map(scored, value="frequency").get_title(loc="left").endswith("their frequency")


def test_every_engine_draws_the_same(quick_backend: Any, scored: pl.DataFrame) -> None:
    native = quick_backend.frame(scored.to_dict(as_series=False))
    assert texts(segment_map(native)) == texts(segment_map(scored))


def test_the_empty_and_the_single(scored: pl.DataFrame, placed: pl.DataFrame) -> None:
    assert texts(segment_map(scored.head(0))) == ["no customers"]
    one = segment_map(placed.head(1))
    assert one.get_title(loc="left") == "1 customer and their value"
    assert sum(text != "0" for text in texts(one)) == 1
    nothing = segment_map(placed.with_columns(value=0.0))
    assert "%" not in texts(nothing)[6].partition("\n")[2]


def test_a_long_name_is_clipped(placed: pl.DataFrame) -> None:
    axes = segment_map(placed.rename({"value": "v" * 80}), value="v" * 80)
    assert axes.get_title(loc="left").endswith("…")


def test_refusals(scored: pl.DataFrame, placed: pl.DataFrame) -> None:
    with pytest.raises(MissingColumnsError, match="value_matrix returns"):
        segment_map(placed.drop("value_level"))
    with pytest.raises(MissingColumnsError, match="revenue"):
        segment_map(placed, value="revenue")
    with pytest.raises(ColumnTypeError, match="cell"):
        segment_map(placed, value="cell")
    with pytest.raises(InvalidTableError, match="null"):
        segment_map(scored.with_columns(recency_score=pl.lit(None, pl.Int64)))

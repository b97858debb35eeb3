"""The waterfall says what the movement says."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from tests.plots.look import overlaps, texts

from telcrm.errors import (
    ColumnTypeError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
    UnsupportedFrameError,
)
from telcrm.kpi import movement
from telcrm.plots import movement_waterfall

MINUS = "\N{MINUS SIGN}"


def test_numbers_are_those_of_the_frame(moved: pl.DataFrame) -> None:
    axes = movement_waterfall(moved)
    first, last = moved["opening"][0], moved["closing"][-1]
    sums = [moved[name].sum() for name in ("new", "reactivated", "lost")]
    signed = [f"+{n}" if n else "0" for n in sums[:2]] + [f"{MINUS}{sums[2]}" if sums[2] else "0"]
    assert texts(axes) == [str(first), *signed, str(last)]
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert names == ["opening", "new", "reactivated", "lost", "closing"]
    assert overlaps(axes) == []


def test_bars_reach_from_level_to_level(moved: pl.DataFrame) -> None:
    axes = movement_waterfall(moved)
    floor, _ = axes.get_ylim()
    opening, closing, *flows = axes.patches
    level = moved["opening"][0]
    assert opening.get_height() + floor == pytest.approx(level)  # type: ignore[attr-defined]
    for bar in flows:
        assert bar.get_y() == pytest.approx(level)  # type: ignore[attr-defined]
        level += bar.get_height()  # type: ignore[attr-defined]
    assert level == pytest.approx(moved["closing"][-1])
    assert closing.get_height() + floor == pytest.approx(level)  # type: ignore[attr-defined]


def test_small_flows_break_the_axis_and_say_so(moved: pl.DataFrame) -> None:
    month = moved.tail(1)
    assert movement_waterfall(month).get_xlabel() == "the axis does not begin at zero"
    flat = month.with_columns(opening=pl.lit(3), new=pl.lit(9), reactivated=0, lost=2, closing=10)
    axes = movement_waterfall(flat)
    assert axes.get_xlabel() == ""
    assert axes.get_ylim()[0] == 0


def test_revenue(moved: pl.DataFrame) -> None:
    axes = movement_waterfall(moved, measure="revenue")
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "opening",
        "new",
        "reactivated",
        "expansion",
        "contraction",
        "lost",
        "closing",
    ]
    assert overlaps(axes) == []


def test_groups_are_added_up_and_their_transfers_cancel() -> None:
    jan, feb = date(2024, 1, 1), date(2024, 2, 1)
    base = pl.DataFrame(
        {
            "customer_id": ["a", "b", "a", "b", "c"],
            "period": [jan, jan, feb, feb, feb],
            "revenue": [1.0] * 5,
            "segment": ["x", "x", "y", "x", "y"],
        }
    )
    by = movement(base, by="segment")
    assert texts(movement_waterfall(by)) == ["2", "+1", "0", "0", "3"]
    one = movement_waterfall(by.filter(pl.col("segment") == "x"))
    assert texts(one) == ["2", "0", "0", "0", "0", f"{MINUS}1", "1"]
    assert "transferred out" in [label.get_text() for label in one.get_xticklabels()]


def test_every_engine_draws_the_same(quick_backend: Any, moved: pl.DataFrame) -> None:
    native = quick_backend.frame(moved.to_dict(as_series=False))
    assert texts(movement_waterfall(native)) == texts(movement_waterfall(moved))


def test_the_empty_and_the_zero(moved: pl.DataFrame) -> None:
    assert texts(movement_waterfall(moved.head(0))) == ["no movement"]
    numbers = [name for name, dtype in moved.schema.items() if dtype.is_numeric()]
    nothing = moved.head(1).with_columns(pl.lit(0).alias(name) for name in numbers)
    axes = movement_waterfall(nothing)
    assert texts(axes) == ["0"] * 5
    assert overlaps(axes) == []


def test_rows_left_out_are_found(moved: pl.DataFrame) -> None:
    with pytest.raises(InvalidTableError, match="all months from the first to the last"):
        movement_waterfall(moved.filter(pl.col("period") != moved["period"][2]))
    with pytest.raises(InvalidTableError, match="'lost' hold nulls"):
        movement_waterfall(moved.with_columns(lost=pl.lit(None, pl.Int64)))


def test_refusals(moved: pl.DataFrame) -> None:
    with pytest.raises(MissingColumnsError, match="closing"):
        movement_waterfall(moved.drop("closing"))
    with pytest.raises(ColumnTypeError, match="new"):
        movement_waterfall(moved.with_columns(new=pl.lit("many")))
    with pytest.raises(ParameterError, match="measure"):
        movement_waterfall(moved, measure="joy")
    with pytest.raises(ParameterError, match="ax is a str"):
        movement_waterfall(moved, ax="left")  # type: ignore[arg-type]
    with pytest.raises(UnsupportedFrameError):
        movement_waterfall({"opening": 1})

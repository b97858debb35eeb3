"""Bands and cells are the moves of the frame."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from matplotlib.patches import PathPatch
from tests.plots.look import figure_of, overlaps, texts

from telcrm.errors import ColumnTypeError, InvalidTableError, MissingColumnsError, ParameterError
from telcrm.plots import FlowForm, migration_flow


def test_bands_are_the_moves(moves: pl.DataFrame) -> None:
    axes = migration_flow(moves)
    bands = [patch for patch in axes.patches if isinstance(patch, PathPatch)]
    assert len(bands) == moves.height
    said = texts(axes)
    assert [text for text in said if "  " in text] == [
        "mass  75",
        "premium  22",
        "(entry)  12",
        "mass  74",
        "premium  30",
        "(exit)  5",
    ]
    assert {text for text in said if text.isdigit()} <= {str(n) for n in moves["customers"]}
    heights = sorted(
        -min(0.0, bar.get_height()) for bar in axes.patches if hasattr(bar, "get_height")
    )
    assert heights[-1] / heights[0] == pytest.approx(75 / 5)
    assert overlaps(axes) == []


def test_a_grid_holds_counts_and_shares(moves: pl.DataFrame) -> None:
    axes = migration_flow(moves, form="grid")
    assert texts(axes) == ["60\n80%", "10\n13%", "5\n7%", "2\n9%", "20\n91%", "12\n100%"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["mass", "premium", "(entry)"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["mass", "premium", "(exit)"]
    assert axes.get_title(loc="left") == "Customers by segment, Jan 2024 to Feb 2024"
    assert overlaps(axes) == []


def chain(count: int, width: int = 3) -> pl.DataFrame:
    names = [f"{nth:0{width}}" for nth in range(count)]
    return pl.DataFrame(
        {
            "period_before": [date(2024, 1, 1)] * (2 * count),
            "period": [date(2024, 2, 1)] * (2 * count),
            "from_segment": names * 2,
            "to_segment": names + names[1:] + names[:1],
            "customers": [10**6 if nth == 0 else 1 for nth in range(2 * count)],
        }
    )


def test_many_segments_are_a_grid() -> None:
    few, many = migration_flow(chain(8)), migration_flow(chain(9))
    assert any(isinstance(patch, PathPatch) for patch in few.patches)
    assert not many.patches
    assert overlaps(few) == []
    assert overlaps(many) == []


@pytest.mark.parametrize("form", FlowForm)
def test_long_names_are_clipped_and_stay_on_the_page(form: FlowForm) -> None:
    axes = migration_flow(chain(5, width=60), form=form)
    assert overlaps(axes) == []
    page = figure_of(axes).bbox
    for text in [*axes.texts, *axes.get_yticklabels(), *axes.get_xticklabels()]:
        if text.get_text():
            box = text.get_window_extent()
            assert page.x0 - 1 <= box.x0
            assert box.x1 <= page.x1 + 1


@pytest.mark.parametrize("form", FlowForm)
def test_every_engine_draws_the_same(
    quick_backend: Any, moves: pl.DataFrame, form: FlowForm
) -> None:
    native = quick_backend.frame(moves.to_dict(as_series=False))
    assert texts(migration_flow(native, form=form)) == texts(migration_flow(moves, form=form))


def test_the_empty_and_the_single(moves: pl.DataFrame) -> None:
    assert texts(migration_flow(moves.head(0))) == ["no customers"]
    assert texts(migration_flow(moves.with_columns(customers=0))) == ["no customers"]
    for form in FlowForm:
        assert overlaps(migration_flow(moves.head(1), form=form)) == []


def test_refusals(moves: pl.DataFrame) -> None:
    later = moves.with_columns(period=pl.lit(date(2024, 3, 1)))
    with pytest.raises(InvalidTableError, match="repeat"):
        migration_flow(pl.concat([moves, later]))
    with pytest.raises(InvalidTableError, match="below 0 in 6 of 6"):
        migration_flow(moves.with_columns(customers=-1))
    with pytest.raises(MissingColumnsError, match="period_before"):
        migration_flow(moves.drop("period_before"))
    with pytest.raises(ColumnTypeError, match="customers"):
        migration_flow(moves.with_columns(customers=pl.lit("x")))
    with pytest.raises(ParameterError, match="FlowForm"):
        migration_flow(moves, form="pie")
    with pytest.raises(ParameterError, match="ax is"):
        migration_flow(moves, ax=object())  # type: ignore[arg-type]

"""The line runs through the scores of the frame."""

from __future__ import annotations

from datetime import date, datetime
from math import isnan
from typing import Any

import polars as pl
import pytest
from tests.plots.look import overlaps, points, texts

from telcrm import kpi
from telcrm.errors import ColumnTypeError, InvalidTableError, MissingColumnsError, ParameterError
from telcrm.plots import nps_trend


def answers(*months: int, scores: tuple[int, ...] = (10, 9, 3)) -> pl.DataFrame:
    rows = [(score, datetime(2024, month, 5)) for month in months for score in scores]
    frame = pl.DataFrame(
        rows, schema={"score": pl.Int64, "responded_at": pl.Datetime}, orient="row"
    )
    return kpi.nps(frame, kind=None, period="month")


def test_points_are_those_of_the_frame(scores: pl.DataFrame) -> None:
    axes = nps_trend(scores)
    assert [y for _, y in points(axes, 0)] == scores["nps"].to_list()
    counts = [label.get_text().split("\n")[1] for label in axes.get_xticklabels()]
    assert counts == [f"n={count}" for count in scores["responses"]]
    assert len(texts(axes)) == 1
    assert overlaps(axes) == []


def test_a_month_without_answers_is_a_gap() -> None:
    axes = nps_trend(answers(1, 2, 5))
    gaps = [isnan(y) for _, y in points(axes, 0)]
    assert gaps == [False, False, True, True, False]
    without_rows = nps_trend(answers(1, 2, 5).filter(pl.col("nps").is_not_null()))
    assert [isnan(y) for _, y in points(without_rows, 0)] == gaps


def test_groups_are_lines(scores: pl.DataFrame) -> None:
    names = [f"{nth} " + "a long name " * 4 for nth in range(7)]
    groups = pl.concat([scores.with_columns(g=pl.lit(name)) for name in names])
    axes = nps_trend(groups, by="g")
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text()[0] for text in legend.get_texts()] == [name[0] for name in names]
    assert texts(axes) == []
    assert overlaps(axes) == []
    heading = axes._left_title  # type: ignore[attr-defined]
    assert not legend.get_window_extent().overlaps(heading.get_window_extent())


def test_every_engine_draws_the_same(quick_backend: Any, scores: pl.DataFrame) -> None:
    native = quick_backend.frame(scores.to_dict(as_series=False))
    assert texts(nps_trend(native)) == texts(nps_trend(scores))


def test_long_spans_have_few_labels() -> None:
    months = [date(2010 + at // 12, at % 12 + 1, 1) for at in range(100)]
    long = pl.DataFrame({"period": months, "nps": 10.0, "low": 0.0, "high": 20.0, "responses": 9})
    axes = nps_trend(long)
    assert len(axes.get_xticklabels()) <= 13
    assert overlaps(axes) == []


def test_the_empty_the_single_and_the_unsure() -> None:
    assert texts(nps_trend(answers())) == ["no answers"]
    assert texts(nps_trend(answers(4))) == ["+33"]
    # One answer has no interval.
    axes = nps_trend(answers(4, scores=(10,)))
    assert texts(axes) == ["+100"]
    assert overlaps(axes) == []


def test_refusals(scores: pl.DataFrame) -> None:
    with pytest.raises(MissingColumnsError, match="low"):
        nps_trend(scores.drop("low"))
    with pytest.raises(MissingColumnsError, match="period"):
        nps_trend(scores.drop("period"))
    with pytest.raises(ColumnTypeError, match="nps"):
        nps_trend(scores.with_columns(nps=pl.lit("high")))
    with pytest.raises(InvalidTableError, match="repeat"):
        nps_trend(pl.concat([scores, scores]))
    groups = pl.concat([scores.with_columns(g=pl.lit(str(nth))) for nth in range(8)])
    with pytest.raises(ParameterError, match="8 groups"):
        nps_trend(groups, by="g")
    with pytest.raises(ParameterError, match="ax is"):
        nps_trend(scores, ax=())  # type: ignore[arg-type]

"""The triangle of cohorts holds the cells of the frame."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from tests.plots.look import figure_of, overlaps, texts

from telcrm import kpi
from telcrm.errors import ColumnTypeError, InvalidTableError, MissingColumnsError, ParameterError
from telcrm.plots import cohort_heatmap


def test_numbers_are_those_of_the_frame(cohorts: pl.DataFrame) -> None:
    axes = cohort_heatmap(cohorts)
    shown = cohorts.sort("cohort", "age_months")["retention"].drop_nulls()
    assert texts(axes) == [f"{100 * share:.0f}" for share in shown]
    sizes = cohorts.unique("cohort").sort("cohort")["size"].to_list()
    rows = [label.get_text() for label in axes.get_yticklabels()]
    assert [row.rpartition("(")[2] for row in rows] == [f"{size})" for size in sizes]
    assert axes.yaxis_inverted()
    assert overlaps(axes) == []


@pytest.mark.parametrize("value", ["active", "value", "value_share"])
def test_other_values(cohorts: pl.DataFrame, value: str) -> None:
    axes = cohort_heatmap(cohorts, value=value)
    assert len(texts(axes)) == cohorts[value].drop_nulls().len()
    assert overlaps(axes) == []


def test_every_engine_draws_the_same(quick_backend: Any, cohorts: pl.DataFrame) -> None:
    native = quick_backend.frame(cohorts.to_dict(as_series=False))
    assert texts(cohort_heatmap(native)) == texts(cohort_heatmap(cohorts))


def test_many_ages_are_shaded_and_explained() -> None:
    months = pl.date_range(pl.date(2020, 1, 1), pl.date(2023, 1, 1), "1mo", eager=True)
    base = pl.DataFrame(
        [(f"{at}-{nth}", months[at]) for nth in range(37) for at in range(nth, 37)],
        schema=["customer_id", "period"],
        orient="row",
    ).with_columns(pl.col("customer_id").str.extract(r"-(\d+)"))
    axes = cohort_heatmap(kpi.cohort_retention(base))
    assert texts(axes) == []
    assert len(figure_of(axes).axes) == 2  # the scale of shades
    assert overlaps(axes) == []


def test_the_empty_and_the_single(cohorts: pl.DataFrame) -> None:
    assert texts(cohort_heatmap(cohorts.head(0))) == ["no cohorts"]
    one = cohort_heatmap(cohorts.head(1))
    assert texts(one) == ["100"]
    assert one.texts[0].get_color() == "white"


def test_refusals(cohorts: pl.DataFrame) -> None:
    with pytest.raises(ParameterError, match="value_share"):
        cohort_heatmap(cohorts, value="size")
    with pytest.raises(MissingColumnsError, match="value"):
        cohort_heatmap(cohorts.drop("value"), value="value")
    with pytest.raises(ColumnTypeError, match="cohort"):
        cohort_heatmap(cohorts.with_columns(cohort=pl.lit("Jan")))
    with pytest.raises(InvalidTableError, match="without by="):
        cohort_heatmap(pl.concat([cohorts, cohorts]))
    with pytest.raises(ParameterError, match="ax is"):
        cohort_heatmap(cohorts, ax=1)  # type: ignore[arg-type]

"""Plots hold what they are given, in a frame that everything fits in."""

from __future__ import annotations

import math
import re
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from telcrm.report import Kind, charts, time_charts
from telcrm.report.drawing import Plot, scale

kinds = st.sampled_from([Kind.COUNT, Kind.MONEY, Kind.PRICE, Kind.SHARE, Kind.POINTS, Kind.NUMBER])
AXES = Figure().add_subplot()
values = st.floats(-1e9, 1e9, allow_nan=False)


@given(values, values, kinds)
def test_the_axis_holds_every_value_and_zero(one: float, other: float, kind: Kind) -> None:
    axes = AXES
    low, high = scale(axes.yaxis, min(one, other), max(one, other), kind)
    slack = 1e-9 * max(abs(one), abs(other), 1)
    assert low - slack <= min(one, other, 0)
    assert high + slack >= max(one, other, 0)
    assert low < high
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert 2 <= len(labels) <= 12


def monthly(count: int) -> pl.DataFrame:
    months = [date(2020 + at // 12, at % 12 + 1, 1) for at in range(count)]
    return pl.DataFrame({"period": months, "value": [float(at) for at in range(count)]})


@pytest.mark.parametrize("count", [1, 2, 13, 14, 40, 100, 200])
def test_months_are_labelled_sparsely_and_in_order(count: int) -> None:
    plot = time_charts.bars(monthly(count), "value", kind=Kind.COUNT, label="x")
    svg = plot.svg(prefix="p")
    labels = re.findall(r">((?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec))<", svg)
    assert 1 <= len(labels) <= 14


def test_days_are_labelled_as_days() -> None:
    days = pl.DataFrame({"period": [date(2026, 1, 30), date(2026, 1, 31)], "value": [1.0, 2.0]})
    svg = time_charts.lines(days, {"value": "x"}, kind=Kind.COUNT, label="x").svg(prefix="p")
    assert "30 Jan" in svg


def test_a_gap_stays_a_gap_and_nothing_at_all_is_drawn() -> None:
    gaps = monthly(3).with_columns(value=pl.Series([1.0, None, 3.0]))
    none = monthly(2).with_columns(value=pl.lit(None, pl.Float64))
    for frame in (gaps, none):
        svg = time_charts.lines(frame, {"value": "x"}, kind=Kind.MONEY, label="x").svg(prefix="p")
        assert "nan" not in svg.lower()


def test_groups_are_lines_whatever_they_are_called() -> None:
    frame = pl.DataFrame(
        {
            "period": [date(2026, 1, 1), date(2026, 2, 1), date(2026, 2, 1)],
            "group": ["period", "period", "value"],
            "value": [1.0, 2.0, 3.0],
        }
    )
    plot = time_charts.lines_by(frame, group="group", value="value", kind=Kind.COUNT, label="x")
    svg = plot.svg(prefix="p")
    assert ">period<" in svg
    assert ">value<" in svg


def test_a_long_name_is_clipped() -> None:
    frame = pl.DataFrame({"name": ["x" * 100], "value": [1]})
    plot = charts.ranked(frame, name="name", value="value", kind=Kind.COUNT, label="x")
    assert "x" * 30 not in plot.svg(prefix="p")


def test_a_label_is_escaped() -> None:
    plot = Plot(lambda _: None, '"><script>')
    assert "<script>" not in plot.svg(prefix="p")


def test_an_interval_of_nothing_is_drawn() -> None:
    plot = charts.intervals(["a"], [0.0], [0.0], [0.0], label="x", unit="points")
    assert plot.svg(prefix="p").startswith("<svg")
    assert math.isfinite(plot.height_in)


def test_a_name_that_begins_with_an_underscore_is_in_the_legend() -> None:
    frame = pl.DataFrame(
        {"period": [date(2026, 1, 1)] * 2, "group": ["_other", "mass"], "value": [1.0, 2.0]}
    )
    plot = time_charts.lines_by(frame, group="group", value="value", kind=Kind.COUNT, label="x")
    assert ">_other<" in plot.svg(prefix="p")


def test_control_characters_and_unknown_letters_draw_no_warning() -> None:
    names = ["a\x00b", "\N{ARABIC LETTER SEEN}", "\N{CJK UNIFIED IDEOGRAPH-4E2D}"]
    frame = pl.DataFrame({"name": names, "value": [1, 2, 3], "period": [date(2026, 1, 1)] * 3})
    bars = charts.ranked(frame, name="name", value="value", kind=Kind.COUNT, label="x")
    lines = time_charts.lines_by(frame, group="name", value="value", kind=Kind.COUNT, label="x")
    for plot in (bars, lines):
        svg = plot.svg(prefix="p")
        assert "\x00" not in svg
        assert all(letter in svg for letter in names[1:])

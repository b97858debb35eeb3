"""Plots over months: bars, bars in two directions, and lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from telcrm.plots.style import INK, PALETTE, PRIMARY, tidy
from telcrm.report.drawing import Plot, legend, scale
from telcrm.report.formats import Kind, short

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["bars", "in_and_out", "lines", "lines_by"]

_MOST_LABELS = 13
_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
_MINUS = "\N{MINUS SIGN}"


def bars(frame: pl.DataFrame, value: str, *, kind: Kind, label: str, x: str = "period") -> Plot:
    """One bar per month.

    Parameters
    ----------
    frame : polars.DataFrame
        One row per month, in order.
    value : str
        Column that holds the heights.
    kind : Kind
    label : str
        The plot in words.
    x : str

    Returns
    -------
    Plot
    """
    months, heights = frame[x].to_list(), _floats(frame, value)

    def draw(figure: Figure) -> None:
        axes = tidy(figure.add_subplot())
        axes.bar(range(len(months)), heights, width=0.72, color=PRIMARY)
        _time_axis(axes, months)
        _value_axis(axes, heights, kind)

    return Plot(draw, label)


def in_and_out(
    frame: pl.DataFrame,
    *,
    ins: Mapping[str, str],
    outs: Mapping[str, str],
    label: str,
    x: str = "period",
) -> Plot:
    """Bars upward for those who came, downward for those who left.

    Parameters
    ----------
    frame : polars.DataFrame
        One row per month, in order.
    ins, outs : mapping of str to str
        Column and its name in the legend.
    label : str
    x : str

    Returns
    -------
    Plot
    """
    months = frame[x].to_list()
    colours = dict(zip([*outs, *ins], (PALETTE[1], PALETTE[0], PALETTE[2]), strict=False))

    def draw(figure: Figure) -> None:
        axes = tidy(figure.add_subplot())
        tops: list[float] = []
        for columns, sign in ((ins, 1.0), (outs, -1.0)):
            floor = [0.0] * len(months)
            for column in columns:
                heights = [sign * height for height in _floats(frame, column)]
                axes.bar(
                    range(len(months)),
                    heights,
                    bottom=floor,
                    width=0.72,
                    color=colours[column],
                    label=column,
                )
                floor = [low + height for low, height in zip(floor, heights, strict=True)]
            tops += floor
        _time_axis(axes, months)
        _value_axis(axes, tops, Kind.COUNT)
        # Those who left are as many below the line as they would be above it.
        axes.set_yticks(
            axes.get_yticks(), [text.get_text().lstrip(_MINUS) for text in axes.get_yticklabels()]
        )
        legend(figure, [*ins.values(), *outs.values()])

    return Plot(draw, label)


def lines(
    frame: pl.DataFrame,
    series: Mapping[str, str],
    *,
    kind: Kind,
    label: str,
    x: str = "period",
    band: tuple[str, str] | None = None,
) -> Plot:
    """One line per column; a single one is labelled at its end, several have a legend.

    Parameters
    ----------
    frame : polars.DataFrame
        One row per month, in order; a null is a gap in the line.
    series : mapping of str to str
        Column and its name.
    kind : Kind
    label : str
    x : str
    band : pair of str, optional
        Columns that bound an interval around the line.

    Returns
    -------
    Plot
    """
    named = [(name, _floats(frame, column)) for column, name in series.items()]
    bounds = None if band is None else (_floats(frame, band[0]), _floats(frame, band[1]))
    return Plot(partial(_draw_lines, frame[x].to_list(), named, kind, bounds), label)


def lines_by(
    frame: pl.DataFrame, *, group: str, value: str, kind: Kind, label: str, x: str = "period"
) -> Plot:
    """One line per group, from one row per month and group.

    Parameters
    ----------
    frame : polars.DataFrame
    group, value : str
        Column that names the line, and column that holds its heights.
    kind : Kind
    label : str
    x : str

    Returns
    -------
    Plot
    """
    months = frame.select(x).unique().sort(x)
    named = [
        (
            str(name),
            _floats(months.join(part, on=x, how="left", maintain_order="left"), value),
        )
        for (name,), part in frame.sort(group).group_by(group, maintain_order=True)
    ]
    return Plot(partial(_draw_lines, months[x].to_list(), named, kind, None), label)


def _draw_lines(
    months: Sequence[date],
    series: Sequence[tuple[str, list[float]]],
    kind: Kind,
    band: tuple[list[float], list[float]] | None,
    figure: Figure,
) -> None:
    axes = tidy(figure.add_subplot())
    if band is not None:
        axes.fill_between(range(len(months)), *band, color=PRIMARY, alpha=0.15, linewidth=0)
    # A point is marked where there are few, so that one between two gaps is seen at all.
    marker = "o" if len(months) <= 2 * _MOST_LABELS else ""
    for at, ((_, heights), colour) in enumerate(zip(series, PALETTE, strict=False)):
        axes.plot(
            range(len(months)),
            heights,
            color=colour,
            label=str(at),
            marker=marker,
            markersize=3.2,
            clip_on=False,
        )
    if len(series) > 1:
        legend(figure, [name for name, _ in series])
    else:
        _label_end(axes, series[0][1], kind)
    _time_axis(axes, months)
    drawn = [height for _, heights in series for height in heights]
    if band is not None:
        drawn += [*band[0], *band[1]]
    _value_axis(axes, drawn, kind)


def _floats(frame: pl.DataFrame, column: str) -> list[float]:
    return frame[column].cast(float).fill_null(float("nan")).to_list()


def _label_end(axes: Axes, heights: Sequence[float], kind: Kind) -> None:
    known = [(at, height) for at, height in enumerate(heights) if height == height]  # noqa: PLR0124
    if known:
        axes.annotate(
            short(known[-1][1], kind),
            known[-1],
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=INK,
            fontweight="bold",
            annotation_clip=False,
        )


def _time_axis(axes: Axes, days: Sequence[date]) -> None:
    """Label as many months or days as there is room for; the year stands once."""
    monthly = all(day.day == 1 for day in days)
    step = next((step for step in _STEPS if len(days) <= step * _MOST_LABELS), _STEPS[-1])
    round_months = (at for at, day in enumerate(days) if (day.month - 1) % step == 0)
    start = next(round_months, 0) if monthly else 0
    ticks = list(range(start, len(days), step))
    labels, year = [], None
    for at in ticks:
        name = f"{days[at]:%b}" if monthly else f"{days[at].day} {days[at]:%b}"
        labels.append(name if days[at].year == year else f"{name}\n{days[at].year}")
        year = days[at].year
    axes.set_xticks(ticks, labels)
    axes.set_xlim(-0.6, len(days) - 0.4)


def _value_axis(axes: Axes, values: Iterable[float], kind: Kind) -> None:
    known = [value for value in values if value == value]  # noqa: PLR0124 - not NaN
    low, high = min(known, default=0.0), max(known, default=0.0)
    axes.set_ylim(*scale(axes.yaxis, low, high, kind))
    if low < 0:
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.spines["bottom"].set_visible(False)
        axes.tick_params(axis="x", length=0)

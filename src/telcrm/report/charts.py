"""Plots of categories, grids, shares and intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from telcrm.plots.style import INK, MUTED, PALETTE, PRIMARY, shades, tidy
from telcrm.plots.words import clipped
from telcrm.report.drawing import Plot, legend, scale
from telcrm.report.formats import Kind, short

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

__all__ = ["concentration", "heat_map", "intervals", "ranked", "stacked"]


def ranked(frame: pl.DataFrame, *, name: str, value: str, kind: Kind, label: str) -> Plot:
    """One horizontal bar per category, each with its number.

    Parameters
    ----------
    frame : polars.DataFrame
        One row per category; the first stands on top.
    name, value : str
        Columns that hold the names and the lengths.
    kind : Kind
    label : str
        The plot in words.

    Returns
    -------
    Plot
    """
    names = [clipped(text) for text in frame[name].to_list()]
    lengths = frame[value].cast(float).fill_null(0.0).to_list()

    def draw(figure: Figure) -> None:
        axes = tidy(figure.add_subplot(), grid="")
        drawn = axes.barh(range(len(names)), lengths, height=0.68, color=PRIMARY)
        axes.bar_label(drawn, [short(length, kind) for length in lengths], padding=4, color=INK)
        axes.set_yticks(range(len(names)), names, color=INK)
        axes.invert_yaxis()
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.margins(x=0.12)

    return Plot(draw, label, height_in=_height(len(names)))


def stacked(
    frame: pl.DataFrame, *, name: str, parts: Mapping[str, str], kind: Kind, label: str
) -> Plot:
    """One horizontal bar per category, cut into parts.

    Parameters
    ----------
    frame : polars.DataFrame
        One row per category; the first stands on top.
    name : str
    parts : mapping of str to str
        Column of each part and its name in the legend.
    kind : Kind
    label : str

    Returns
    -------
    Plot
    """
    names = [clipped(text) for text in frame[name].to_list()]

    def draw(figure: Figure) -> None:
        axes = tidy(figure.add_subplot(), grid="x")
        left = [0.0] * len(names)
        for column, colour in zip(parts, PALETTE, strict=False):
            lengths = frame[column].cast(float).fill_null(0.0).to_list()
            axes.barh(
                range(len(names)), lengths, left=left, height=0.68, color=colour, label=column
            )
            left = [start + length for start, length in zip(left, lengths, strict=True)]
        axes.set_yticks(range(len(names)), names, color=INK)
        axes.invert_yaxis()
        axes.set_xlim(*scale(axes.xaxis, 0.0, max(left, default=0.0), kind))
        legend(figure, list(parts.values()))

    return Plot(draw, label, height_in=_height(len(names)) + 0.5)


def heat_map(
    values: Sequence[Sequence[float]],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    label: str,
    row_title: str = "",
    column_title: str = "",
    written: bool = False,
) -> Plot:
    """Draw a grid of counts, darker where there are more.

    Parameters
    ----------
    values : sequence of rows of float
    rows, columns : sequence of str
        Names of the rows, the first on top, and of the columns; an empty name is no label.
    label : str
    row_title, column_title : str
    written : bool
        Whether each cell also holds its number.

    Returns
    -------
    Plot
    """

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        grid = axes.pcolormesh(values, cmap=shades(), edgecolor="white", linewidth=1.5)
        grid.set_rasterized(False)
        axes.invert_yaxis()
        axes.set_yticks([at + 0.5 for at in range(len(rows))], rows)
        axes.set_xticks([at + 0.5 for at in range(len(columns))], columns)
        axes.tick_params(length=0)
        axes.set_xlabel(column_title)
        axes.set_ylabel(row_title)
        for side in axes.spines.values():
            side.set_visible(False)
        if written:
            most = max((max(row) for row in values), default=0)
            for y, row in enumerate(values):
                for x, value in enumerate(row):
                    colour = "white" if value > 0.6 * most else INK
                    text = short(value, Kind.COUNT)
                    axes.text(x + 0.5, y + 0.5, text, ha="center", va="center", color=colour)

    return Plot(draw, label)


def concentration(
    customers: Sequence[float],
    value: Sequence[float],
    *,
    marks: Mapping[str, tuple[float, float]],
    label: str,
) -> Plot:
    """Draw the share of value that the best customers hold, against their share of all.

    Parameters
    ----------
    customers, value : sequence of float
        Cumulative shares in [0, 1], best customers first.
    marks : mapping of str to pair of float
        A class, and the point of the curve where it ends.
    label : str

    Returns
    -------
    Plot
    """

    def draw(figure: Figure) -> None:
        from matplotlib.ticker import PercentFormatter

        axes = tidy(figure.add_subplot())
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.plot([0.0, *customers], [0.0, *value], color=PRIMARY)
        for name, point in marks.items():
            axes.plot(*point, "o", color=PRIMARY, markersize=4.5)
            axes.annotate(
                name, point, xytext=(5, -11), textcoords="offset points", color=INK, weight="bold"
            )
        said = [
            f"{name}: {100 * x:.0f}% of customers, {100 * y:.0f}% of value"
            for name, (x, y) in marks.items()
        ]
        axes.text(0.98, 0.05, "\n".join(said), ha="right", va="bottom", color=INK, linespacing=1.5)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.05)
        axes.set_xlabel("share of customers, best first")
        axes.set_ylabel("share of value")
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.yaxis.set_major_formatter(PercentFormatter(1))

    return Plot(draw, label)


def intervals(
    names: Sequence[str],
    points: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    *,
    label: str,
    unit: str,
) -> Plot:
    """One point with its interval per name, and a line at zero.

    Parameters
    ----------
    names : sequence of str
    points, lows, highs : sequence of float
        Differences of shares.
    label : str
    unit : str
        Written under the axis.

    Returns
    -------
    Plot
    """

    def draw(figure: Figure) -> None:
        axes = tidy(figure.add_subplot(), grid="x")
        at = range(len(names))
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.hlines(at, lows, highs, color=PRIMARY, linewidth=2.2)
        axes.plot(points, at, "o", color=PRIMARY, markersize=6)
        axes.set_yticks(at, [clipped(name) for name in names], color=INK)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.set_xlim(*scale(axes.xaxis, min(lows), max(highs), Kind.POINTS))
        axes.set_xlabel(unit)

    return Plot(draw, label, height_in=_height(len(names)) + 0.5)


def _height(names: int) -> float:
    return max(0.8, 0.3 * names + 0.2)

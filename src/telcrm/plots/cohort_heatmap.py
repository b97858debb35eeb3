"""Cohorts by age, as a triangle of shades."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from telcrm.errors import ParameterError
from telcrm.plots.canvas import canvas, say_nothing, title
from telcrm.plots.columns import read_columns, refuse_repeats
from telcrm.plots.style import MUTED, ink_on, shades
from telcrm.plots.words import compact, grouped, month
from telcrm.tables.door import ColumnKind

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh

__all__ = ["cohort_heatmap"]

_TABLE: Final = "cohort_retention"
_WORDS: Final = {
    "retention": "active share, %",
    "active": "active customers",
    "value": "value",
    "value_share": "value, % of age 0",
}
_SHARES: Final = ("retention", "value_share")
_CELL_IN: Final = 0.42
_MOST_WRITTEN: Final = 24
_MOST_INCHES: Final = 13.0


def cohort_heatmap(
    frame: Any,
    *,
    value: str = "retention",
    cohort: str = "cohort",
    age: str = "age_months",
    size: str = "size",
    ax: Axes | None = None,
) -> Axes:
    """Draw how cohorts keep, a row for each month of joining and a column for each age.

    Parameters
    ----------
    frame : dataframe
        What :func:`telcrm.kpi.cohort_retention` returned, of any engine, for one group.
    value : "retention", "active", "value" or "value_share"
        What is shaded and written: shares in percent, without the sign.
    cohort, age, size : str
        Columns of the result.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a figure of its own, large enough for the cells.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed: extra ``plot``.
    MissingColumnsError, ColumnTypeError
        ``frame`` is no result of ``cohort_retention``, or has no such ``value``.
    InvalidTableError
        A cohort has an age twice: the result is of several groups.
    ParameterError
        ``value`` or ``ax`` is none.

    Notes
    -----
    Shades run from the least to the greatest value after age 0, which is 100 % in every cohort and
    would leave no shade for the others. Cells that the data does not reach stay empty. Numbers are
    written into the cells of up to 24 ages.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> from telcrm.kpi import cohort_retention
    >>> jan, feb = date(2024, 1, 1), date(2024, 2, 1)
    >>> base = pl.DataFrame({"customer_id": ["a", "b", "b", "c"], "period": [jan, jan, feb, feb]})
    >>> ax = cohort_heatmap(cohort_retention(base))
    >>> [text.get_text() for text in ax.texts]
    ['100', '50', '100']
    """
    if value not in _WORDS:
        raise ParameterError(
            f"value={value!r:.60} is no column to show. Choose from: {', '.join(_WORDS)}.",
            value=value,
        )
    columns = {
        "cohort": (cohort, ColumnKind.DATE),
        "age": (age, ColumnKind.NUMBER),
        "size": (size, ColumnKind.NUMBER),
        "value": (value, ColumnKind.NUMBER),
    }
    read = read_columns(frame, columns, table=_TABLE)
    keys = list(zip(read["cohort"], read["age"], strict=True))
    refuse_repeats(keys, table=_TABLE, names=f"{cohort!r} and {age!r}")
    cohorts = sorted(set(read["cohort"]))
    ages = range(int(max(read["age"], default=-1.0)) + 1)
    cells = dict(zip(keys, read["value"], strict=True))
    sizes = dict(zip(read["cohort"], read["size"], strict=True))
    grid = [[cells.get((row, float(column))) for column in ages] for row in cohorts]
    width = min(1.9 + _CELL_IN * len(ages), _MOST_INCHES)
    height = min(1.0 + 0.24 * len(cohorts), _MOST_INCHES)
    with canvas(ax, width_in=max(width, 4.4), height_in=max(height, 1.4)) as axes:
        if not cohorts:
            return say_nothing(axes, "no cohorts")
        _draw(axes, grid, share=value in _SHARES)
        axes.set_yticks(
            [at + 0.5 for at in range(len(cohorts))],
            [f"{month(row)}  ({grouped(sizes[row])})" for row in cohorts],
        )
        step = 1 if len(ages) <= _MOST_WRITTEN else 6
        shown = list(ages)[::step]
        axes.set_xticks([at + 0.5 for at in shown], [str(at) for at in shown])
        axes.set_xlabel("months since joining")
        title(axes, f"Cohorts (customers): {_WORDS[value]}")
        return axes


def _draw(axes: Axes, grid: Sequence[Sequence[float | None]], *, share: bool) -> None:
    later = [cell for row in grid for cell in row[1:] if cell is not None]
    known = [cell for row in grid for cell in row if cell is not None]
    low, high = min(later or known, default=0.0), max(later or known, default=1.0)
    if low == high:  # alike, and so all as much as there is
        low = high - 1.0
    numbers = [[float("nan") if cell is None else cell for cell in row] for row in grid]
    colours = shades()
    mesh = axes.pcolormesh(
        numbers, cmap=colours, vmin=low, vmax=high, edgecolor="white", linewidth=1.2
    )
    axes.invert_yaxis()
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    if len(numbers[0]) > _MOST_WRITTEN:
        _explain_shades(axes, mesh, share=share)
        return
    for y, row in enumerate(grid):
        for x, cell in enumerate(row):
            if cell is None:
                continue
            deep = (cell - low) / (high - low)
            axes.text(
                x + 0.5,
                y + 0.5,
                f"{100 * cell:.0f}" if share else compact(cell),
                ha="center",
                va="center",
                fontsize=7.5,
                color=ink_on(deep),
            )


def _explain_shades(axes: Axes, mesh: QuadMesh, *, share: bool) -> None:
    from matplotlib.ticker import FuncFormatter

    bar = axes.figure.colorbar(mesh, ax=axes, fraction=0.03, pad=0.01)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelcolor=MUTED)
    bar.ax.yaxis.set_major_formatter(
        FuncFormatter(lambda tick, _: f"{100 * tick:.0f}" if share else compact(tick))
    )

"""Customers on a grid of two scores: how many stand where, and what they bring."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw

from telcrm.errors import MissingColumnsError
from telcrm.plots.canvas import canvas, say_nothing, title
from telcrm.plots.style import ink_on, shades
from telcrm.plots.words import clipped, compact, grouped, percent
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.findings import counted, readable
from telcrm.tables.row_checks import amount_checks, check_rows, not_null

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["segment_map"]


@dataclass(frozen=True, slots=True)
class _Map:
    """A grid that can be told from the columns of a result."""

    table: str
    across: str
    along: str
    value: str
    levels: tuple[str, ...]


_LEVELS: Final = ("low", "medium", "high")
_MATRIX: Final = _Map("value_matrix", "potential_level", "value_level", "value", _LEVELS)
_RFM: Final = _Map("rfm", "frequency_score", "recency_score", "monetary", ())
_FEWEST_BINS: Final = 3


def segment_map(frame: Any, *, value: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw how many customers stand in each cell of a grid, and what they bring.

    Parameters
    ----------
    frame : dataframe
        One row per customer, of any engine: what :func:`telcrm.segmentation.value_matrix` returned
        (value upward, potential to the right) or :func:`telcrm.segmentation.rfm` (recency upward,
        frequency to the right). Which of the two is told from its columns.
    value : str, optional
        Numeric column whose sum is written into the cells; by default ``"value"`` or
        ``"monetary"``, if it is there.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed: extra ``plot``.
    MissingColumnsError
        ``frame`` has the scores of neither, or lacks ``value``.
    ColumnTypeError, InvalidTableError, CurrencyMismatchError
        A score or a value is missing, or of another type.

    Notes
    -----
    Each cell holds its number of customers, their share of all, and the sum of their value with its
    share; it is the darker the more customers stand in it. Best is at the top right. Rows are
    counted on the engine of the frame; only the cells are collected.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.segmentation import value_matrix
    >>> customers = pl.DataFrame(
    ...     {"customer_id": ["ann", "bob"], "value": [50.0, 5.0], "potential": [0.1, 0.9]}
    ... )
    >>> placed = value_matrix(customers, value_cuts=(10, 40), potential_cuts=(0.3, 0.7))
    >>> ax = segment_map(placed)
    >>> print(ax.texts[2].get_text())
    1 (50%)
    5 (9%)
    """
    opened, grid, amount = _recognise(frame, value)
    customers, amounts = _cells(opened, grid, amount)
    levels = grid.levels or _bins(customers)
    side = len(levels)
    with canvas(ax, width_in=1.0 + 1.14 * side, height_in=0.9 + 0.66 * side) as axes:
        if not customers:
            return say_nothing(axes, "no customers")
        _draw(axes, levels, customers, amounts, amount)
        axes.set_xlabel(grid.across.replace("_", " "))
        axes.set_ylabel(grid.along.replace("_", " "))
        below = "" if amount is None else f" and their {clipped(amount)}"
        title(axes, counted(sum(customers.values()), "customer") + below)
        return axes


def _recognise(frame: Any, value: str | None) -> tuple[OpenFrame, _Map, str | None]:
    opened = open_frame(frame, table="segment_map")
    found = opened.rows.collect_schema().names()
    grid = next((grid for grid in (_MATRIX, _RFM) if {grid.across, grid.along} <= {*found}), None)
    if grid is None:
        raise MissingColumnsError(
            f"segment_map: found {', '.join(found)}. Pass what telcrm.segmentation.value_matrix "
            f"returns (with {_MATRIX.along!r} and {_MATRIX.across!r}), or what rfm returns (with "
            f"{_RFM.along!r} and {_RFM.across!r}).",
            table="segment_map",
            found=found,
        )
    amount = value or (grid.value if grid.value in found else None)
    named: dict[str, str | Sequence[str]] = {} if amount is None else {"value": amount}
    require_columns(opened, named)
    opened = parse_objects(opened, [grid.across, grid.along, *([amount] if amount else [])])
    kinds = {grid.across: ColumnKind.KEY, grid.along: ColumnKind.KEY}
    require_kinds(opened, kinds | ({amount: ColumnKind.NUMBER} if amount else {}))
    rules = [not_null(grid.across), not_null(grid.along)]
    check_rows(opened, rules + (amount_checks(opened, amount) if amount else []), keys=[])
    return opened, grid, amount


def _cells(
    opened: OpenFrame, grid: _Map, amount: str | None
) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], float]]:
    summed = (
        opened.rows.select(
            _across=key_values(opened, grid.across),
            _along=key_values(opened, grid.along),
            _value=nw.lit(0.0) if amount is None else nw.col(amount).cast(nw.Float64),
        )
        .group_by("_across", "_along")
        .agg(nw.col("_value").sum(), _customers=nw.len())
        .collect()
    )
    customers: defaultdict[tuple[str, str], int] = defaultdict(int)
    amounts: defaultdict[tuple[str, str], float] = defaultdict(float)
    for across, along, value, count in summed.select(
        "_across", "_along", "_value", "_customers"
    ).rows():
        cell = str(readable(across)), str(readable(along))
        customers[cell] += int(count)
        amounts[cell] += float(value)
    return dict(customers), dict(amounts)


def _bins(cells: Mapping[tuple[str, str], int]) -> tuple[str, ...]:
    scores = [int(score) for cell in cells for score in cell]
    return tuple(str(score) for score in range(1, max([*scores, _FEWEST_BINS]) + 1))


def _draw(
    axes: Axes,
    levels: Sequence[str],
    customers: Mapping[tuple[str, str], int],
    amounts: Mapping[tuple[str, str], float],
    amount: str | None,
) -> None:
    grid = [[customers.get((x, y), 0) for x in levels] for y in levels]
    most = max(max(row) for row in grid)
    everyone, whole = sum(customers.values()), sum(amounts.values())
    axes.pcolormesh(grid, cmap=shades(), vmin=0, vmax=most, edgecolor="white", linewidth=2)
    for y, row in enumerate(grid):
        for x, count in enumerate(row):
            said = f"{grouped(count)} ({percent(count / everyone)})" if count else "0"
            if amount is not None and count:
                part = amounts[levels[x], levels[y]]
                share = f" ({percent(part / whole)})" if whole > 0 else ""
                said += f"\n{compact(part)}{share}"
            axes.text(
                x + 0.5,
                y + 0.5,
                said,
                ha="center",
                va="center",
                linespacing=1.5,
                fontsize=7.5,
                color=ink_on(count / most),
            )
    at = [place + 0.5 for place in range(len(levels))]
    axes.set_xticks(at, levels)
    axes.set_yticks(at, levels)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)

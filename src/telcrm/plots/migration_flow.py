"""Moves between segments: bands from left to right, or a grid where there are many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from telcrm.domain.choice import choose
from telcrm.errors import InvalidTableError
from telcrm.plots.alluvial import draw_alluvial
from telcrm.plots.canvas import canvas, say_nothing, title
from telcrm.plots.columns import read_columns, refuse_repeats
from telcrm.plots.style import INK, ink_on, shades
from telcrm.plots.words import clipped, grouped, month, percent
from telcrm.tables.door import ColumnKind

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FlowForm", "migration_flow"]

_TABLE: Final = "migration"
_MOST_BANDS: Final = 8


class FlowForm(StrEnum):
    """How moves are drawn."""

    BANDS = "bands"
    """Bands from a segment on the left to one on the right, as wide as customers are many."""
    GRID = "grid"
    """A row for each segment before, a column for each after."""


def migration_flow(
    frame: Any,
    *,
    period: str = "period",
    form: FlowForm | str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw who moved from which segment to which, between two months.

    Parameters
    ----------
    frame : dataframe
        What :func:`telcrm.segmentation.migration` returned, of any engine, for one pair of months:
        pass it ``between=``, or filter its result.
    period : str
        Column of the later month; the earlier one has the same name with ``_before``.
    form : FlowForm, optional
        By default bands for up to 8 segments on a side, and a grid for more.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed: extra ``plot``.
    MissingColumnsError, ColumnTypeError
        ``frame`` is no result of ``migration``.
    InvalidTableError
        A move stands twice, because there are several pairs of months, or holds no count of 0 or
        more.
    ParameterError
        ``form`` or ``ax`` is none.

    Notes
    -----
    In a grid, each cell holds its number of customers and their share of the row; it is the darker
    the greater that share. Segments are in the order of their size before; ``"(entry)"``,
    ``"(exit)"`` and ``"(unassigned)"`` come last.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> from telcrm.segmentation import migration
    >>> jan, feb = date(2024, 1, 1), date(2024, 2, 1)
    >>> months = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "bob", "ann", "bob"],
    ...         "period": [jan, jan, feb, feb],
    ...         "segment": ["mass", "mass", "mass", "premium"],
    ...     }
    ... )
    >>> ax = migration_flow(migration(months), form="grid")
    >>> [text.get_text().replace(chr(10), " ") for text in ax.texts]
    ['1 50%', '1 50%']
    """
    chosen = None if form is None else choose(FlowForm, form, "form")
    moves, span = _read(frame, period)
    left, right = _ordered(moves, 0), _ordered(moves, 1)
    if chosen is None:
        chosen = FlowForm.BANDS if max(len(left), len(right)) <= _MOST_BANDS else FlowForm.GRID
    if chosen is FlowForm.BANDS:
        size = (6.6, min(1.6 + 0.5 * max(len(left), len(right)), 12.0))
    else:
        size = (min(2.2 + 0.62 * len(right), 14.0), min(1.2 + 0.42 * len(left), 14.0))
    with canvas(ax, width_in=size[0], height_in=max(size[1], 2.0)) as axes:
        if not moves:
            return say_nothing(axes, "no customers")
        if chosen is FlowForm.BANDS:
            draw_alluvial(axes, moves, left, right)
        else:
            _draw_grid(axes, moves, left, right)
        title(axes, f"Customers by segment, {span}")
        return axes


def _read(frame: Any, period: str) -> tuple[dict[tuple[str, str], float], str]:
    columns = {
        "before": (f"{period}_before", ColumnKind.DATE),
        "period": (period, ColumnKind.DATE),
        "from": ("from_segment", ColumnKind.KEY),
        "to": ("to_segment", ColumnKind.KEY),
        "customers": ("customers", ColumnKind.NUMBER),
    }
    read = read_columns(frame, columns, table=_TABLE)
    keys = [(str(a), str(b)) for a, b in zip(read["from"], read["to"], strict=True)]
    refuse_repeats(keys, table=_TABLE, names="'from_segment' and 'to_segment'")
    counts = read["customers"]
    wrong = sum(count is None or count < 0 for count in counts)
    if wrong:
        raise InvalidTableError(
            f"{_TABLE}: 'customers' is null or below 0 in {wrong} of {len(counts)} rows. Pass it "
            "as telcrm.segmentation.migration returned it.",
            table=_TABLE,
            rows=wrong,
        )
    moves = {key: count for key, count in zip(keys, counts, strict=True) if count}
    if not moves:
        return {}, ""
    return moves, f"{month(min(read['before']))} to {month(max(read['period']))}"


def _ordered(moves: Mapping[tuple[str, str], float], side: int) -> list[str]:
    """Put the segments of a side in one order for both: by size before, and by name."""
    before: dict[str, float] = {}
    for (origin, _), count in moves.items():
        before[origin] = before.get(origin, 0.0) + count
    here = {key[side] for key in moves}
    return sorted(here, key=lambda name: (name.startswith("("), -before.get(name, 0.0), name))


def _draw_grid(
    axes: Axes,
    moves: Mapping[tuple[str, str], float],
    left: Sequence[str],
    right: Sequence[str],
) -> None:
    whole = {origin: sum(moves.get((origin, end), 0.0) for end in right) for origin in left}
    shares = [[moves.get((a, b), 0.0) / whole[a] for b in right] for a in left]
    axes.pcolormesh(shares, cmap=shades(), vmin=0, vmax=1, edgecolor="white", linewidth=1.5)
    for y, origin in enumerate(left):
        for x, end in enumerate(right):
            count, share = moves.get((origin, end)), shares[y][x]
            if count:
                axes.text(
                    x + 0.5,
                    y + 0.5,
                    f"{grouped(count)}\n{percent(share)}",
                    ha="center",
                    va="center",
                    fontsize=6.8,
                    linespacing=1.25,
                    color=ink_on(share),
                )
    turned = max(len(end) for end in right) > 9
    axes.set_xticks(
        [at + 0.5 for at in range(len(right))],
        [clipped(end) for end in right],
        rotation=40 if turned else 0,
        ha="left" if turned else "center",
        rotation_mode="anchor" if turned else "default",
    )
    axes.set_yticks([at + 0.5 for at in range(len(left))], [clipped(origin) for origin in left])
    axes.xaxis.tick_top()
    axes.invert_yaxis()
    axes.tick_params(length=0, labelcolor=INK)
    for side in axes.spines.values():
        side.set_visible(False)

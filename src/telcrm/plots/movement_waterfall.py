"""From the opening base to the closing one, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from telcrm.domain.choice import choose
from telcrm.errors import InvalidTableError
from telcrm.plots.canvas import canvas, say_nothing, title
from telcrm.plots.columns import read_columns
from telcrm.plots.style import ACCENT, INK, MUTED, PALETTE, PRIMARY, tidy
from telcrm.plots.words import compact, grouped, month, signed
from telcrm.tables.door import ColumnKind, open_frame

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["WaterfallMeasure", "movement_waterfall"]


class WaterfallMeasure(StrEnum):
    """What a waterfall adds up."""

    CUSTOMERS = "customers"
    REVENUE = "revenue"


_FLOWS: Final[dict[WaterfallMeasure, Mapping[str, int]]] = {
    WaterfallMeasure.CUSTOMERS: {
        "new": 1,
        "reactivated": 1,
        "transferred_in": 1,
        "lost": -1,
        "transferred_out": -1,
    },
    WaterfallMeasure.REVENUE: {
        "new_revenue": 1,
        "reactivated_revenue": 1,
        "transferred_in_revenue": 1,
        "expansion_revenue": 1,
        "contraction_revenue": -1,
        "lost_revenue": -1,
        "transferred_out_revenue": -1,
    },
}
_OPTIONAL: Final = "transferred"
_TABLE: Final = "movement"
# Below this share of the highest bar, the flows would be slivers on an axis from zero.
_SLIVER: Final = 0.25


def movement_waterfall(
    frame: Any,
    *,
    period: str = "period",
    measure: WaterfallMeasure | str = WaterfallMeasure.CUSTOMERS,
    ax: Axes | None = None,
) -> Axes:
    """Draw how the base came from its opening to its closing, as a waterfall.

    Parameters
    ----------
    frame : dataframe
        What :func:`telcrm.kpi.movement` returned, of any engine: one month, or several in a row,
        whose flows are added up. Groups are added up, too.
    period : str
        Column of months.
    measure : "customers" or "revenue"
        What is added up.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a figure of its own, ``ax.figure`` of what is returned.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed: extra ``plot``.
    MissingColumnsError, ColumnTypeError
        ``frame`` is no result of ``movement``.
    InvalidTableError
        A number is missing, or opening and flows do not add up to the closing: rows were left out.
    ParameterError
        ``measure`` or ``ax`` is none.

    Notes
    -----
    Where the flows are small beside the base, the axis does not begin at zero; the two bars of the
    base are then broken, and the axis says so. Transfers that cancel out are not drawn.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> from telcrm.kpi import movement
    >>> jan, feb = date(2024, 1, 1), date(2024, 2, 1)
    >>> base = pl.DataFrame(
    ...     {"customer_id": ["a", "b", "b", "c"], "period": [jan, jan, feb, feb], "revenue": 1.0}
    ... )
    >>> ax = movement_waterfall(movement(base))
    >>> [text.get_text() for text in ax.texts][:2]
    ['2', '+1']
    """
    kind = choose(WaterfallMeasure, measure, "measure")
    with canvas(ax, width_in=6.6, height_in=3.4) as axes:
        months, opening, flows, closing = _read(frame, period, kind)
        if not months:
            return say_nothing(axes, "no movement")
        whole = kind is WaterfallMeasure.CUSTOMERS
        names = ["opening", *flows, "closing"]
        levels = [opening]
        for change in flows.values():
            levels.append(levels[-1] + change)
        _draw(axes, levels, closing, names, whole=whole)
        first, last = month(min(months)), month(max(months))
        span = first if first == last else f"{first} to {last}"
        title(axes, f"{kind.value.capitalize()}, {span}")
        return axes


def _read(
    frame: Any, period: str, kind: WaterfallMeasure
) -> tuple[list[Any], float, dict[str, float], float]:
    found = open_frame(frame, table=_TABLE).rows.collect_schema().names()
    ending = "_revenue" if kind is WaterfallMeasure.REVENUE else ""
    stocks = (f"opening{ending}", f"closing{ending}")
    signs = {
        name: sign
        for name, sign in _FLOWS[kind].items()
        if name in found or not name.startswith(_OPTIONAL)
    }
    numbers = {name: (name, ColumnKind.NUMBER) for name in (*stocks, *signs)}
    columns = read_columns(frame, {"period": (period, ColumnKind.DATE), **numbers}, table=_TABLE)
    months = columns["period"]
    missing = [name for name, values in columns.items() if None in values]
    if missing:
        raise InvalidTableError(
            f"{_TABLE}: {', '.join(map(repr, missing))} hold nulls, which a movement never does. "
            "Pass it as telcrm.kpi.movement returned it.",
            table=_TABLE,
            columns=missing,
        )
    if not months:
        return [], 0.0, {}, 0.0
    opening = _at(columns[stocks[0]], months, min(months))
    closing = _at(columns[stocks[1]], months, max(months))
    flows = {name: sign * sum(columns[name]) for name, sign in signs.items()}
    _refuse_broken(opening, flows, closing)
    return months, opening, _told(flows, ending), closing


def _at(values: Sequence[float], months: Sequence[Any], wanted: Any) -> float:
    return sum(value for value, at in zip(values, months, strict=True) if at == wanted)


def _refuse_broken(opening: float, flows: Mapping[str, float], closing: float) -> None:
    reached = opening + sum(flows.values())
    if abs(reached - closing) > 1e-6 * max(1.0, abs(opening), abs(closing)):
        raise InvalidTableError(
            f"{_TABLE}: opening and flows make {reached:,.2f}, closing is {closing:,.2f}. Pass all "
            "months from the first to the last, and all rows of each group.",
            table=_TABLE,
            reached=reached,
            closing=closing,
        )


def _told(flows: Mapping[str, float], ending: str) -> dict[str, float]:
    moved = [value for name, value in flows.items() if name.startswith(_OPTIONAL)]
    cancel = abs(sum(moved)) <= 1e-6 * max(1.0, *map(abs, moved), 0.0)
    return {
        name.removesuffix(ending).replace("_", " "): value
        for name, value in flows.items()
        if not (cancel and name.startswith(_OPTIONAL))
    }


def _draw(
    axes: Axes, levels: Sequence[float], closing: float, names: Sequence[str], *, whole: bool
) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    write = grouped if whole else compact
    tidy(axes)
    low, high = min(*levels, closing), max(*levels, closing)
    broken = low > 0 and high - low < _SLIVER * high
    room = (high - low) or abs(high) or 1.0
    floor = max(low - 0.6 * room, 0.0) if broken else min(low, 0.0)
    ends = len(names) - 1
    for at, level in ((0, levels[0]), (ends, closing)):
        axes.bar(at, level - floor, bottom=floor, width=0.64, color=PRIMARY)
    steps = list(pairwise(levels))
    for at, (before, after) in enumerate(steps, start=1):
        colour = PALETTE[2] if after >= before else ACCENT
        axes.bar(at, after - before, bottom=before, width=0.64, color=colour)
        if after == before:  # a bar without height is not seen
            axes.plot([at - 0.32, at + 0.32], [after, after], color=MUTED, linewidth=0.8)
    for at, level in enumerate(levels):
        axes.plot([at + 0.32, at + 0.68], [level, level], color=MUTED, linewidth=0.8)
    said = [
        (write(levels[0]), levels[0]),
        *((signed(after - before, whole=whole), max(before, after)) for before, after in steps),
        (write(closing), closing),
    ]
    for at, (text, top) in enumerate(said):
        axes.annotate(
            text,
            (at, max(top, 0.0)),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            color=INK,
            weight="bold" if at in (0, ends) else "normal",
        )
    axes.set_xticks(range(len(names)), names)
    axes.tick_params(axis="x", length=0, labelcolor=INK)
    axes.set_xlim(-0.6, ends + 0.6)
    top = high + 0.14 * (high - floor)
    axes.set_ylim(floor, top if top > floor else floor + 1.0)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: write(tick)))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10], integer=whole))
    if broken and floor > 0:
        _break(axes, (0, ends), floor, top)


def _break(axes: Axes, bars: Sequence[int], floor: float, top: float) -> None:
    """Cut the bars that do not stand on zero, and say where the axis begins."""
    height = (top - floor) * 0.022
    base = floor + (top - floor) * 0.07
    for at in bars:
        left, right = at - 0.36, at + 0.36
        for shift in (0.0, height * 1.6):
            axes.plot(
                [left, at - 0.12, at + 0.12, right],
                [base + shift - height, base + shift + height] * 2,
                color="white",
                linewidth=1.6,
                solid_capstyle="butt",
            )
    axes.set_xlabel("the axis does not begin at zero", loc="left", fontsize=7.5)

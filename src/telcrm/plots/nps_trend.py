"""The net promoter score over time, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from telcrm.domain.moments import first_of_month, month_number
from telcrm.errors import ParameterError
from telcrm.plots.canvas import canvas, say_nothing, title
from telcrm.plots.columns import read_columns, refuse_repeats
from telcrm.plots.style import INK, MUTED, PALETTE, tidy
from telcrm.plots.words import clipped, grouped, signed
from telcrm.tables.door import ColumnKind

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["nps_trend"]

_TABLE: Final = "nps"
_MOST_LABELS: Final = 13
_STEPS: Final = (1, 2, 3, 6, 12)
# Letters and marks that stand beside each other in a legend.
_LINE_LETTERS: Final = 85

_Row = tuple[float | None, float | None, float | None, float | None]


def nps_trend(
    frame: Any, *, period: str = "period", by: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the net promoter score month by month, with the interval of each.

    Parameters
    ----------
    frame : dataframe
        What :func:`telcrm.kpi.nps` returned with ``period="month"``, of any engine.
    period : str
        Column of months.
    by : str, optional
        Column that tells groups apart, a line each, seven at most.
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
        ``frame`` is no result of ``nps``.
    InvalidTableError
        A month stands twice: the result is of several groups, and ``by`` names none of them.
    ParameterError
        There are more groups than colours, or ``ax`` is none.

    Notes
    -----
    Two intervals that overlap are no test of a change: see :func:`telcrm.kpi.nps_change`. Under
    each month, without groups, stands the number of answers. A month without any is a gap.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.kpi import nps
    >>> surveys = pl.DataFrame(
    ...     {"kind": "nps", "score": [10, 9, 3], "responded_at": [date(2024, 1, 5)] * 3}
    ... )
    >>> ax = nps_trend(nps(surveys, period="month"))
    >>> ax.texts[0].get_text()
    '+33'
    """
    numbers = ("nps", "low", "high", "responses")
    columns = {"period": (period, ColumnKind.DATE)}
    columns |= {name: (name, ColumnKind.NUMBER) for name in numbers}
    if by is not None:
        columns["by"] = (by, ColumnKind.KEY)
    read = read_columns(frame, columns, table=_TABLE)
    groups = read.get("by", [""] * len(read["period"]))
    keys = list(zip(groups, read["period"], strict=True))
    refuse_repeats(keys, table=_TABLE, names=f"{period!r}")
    names = sorted(set(groups), key=str)
    if len(names) > len(PALETTE):
        raise ParameterError(
            f"{_TABLE}: {by!r} holds {len(names)} groups; no more than {len(PALETTE)} lines can be "
            "told apart. Filter the result to those that matter.",
            by=by,
            groups=len(names),
        )
    rows = {key: tuple(read[name][at] for name in numbers) for at, key in enumerate(keys)}
    with canvas(ax, width_in=6.6, height_in=3.2) as axes:
        if not any(row[0] is not None for row in rows.values()):
            return say_nothing(axes, "no answers")
        months = _months(read["period"])
        for at, (name, colour) in enumerate(zip(names, PALETTE, strict=False)):
            aside = 0.0 if by is None else 0.09 * (at - (len(names) - 1) / 2)
            rows_of = [rows.get((name, day)) for day in months]
            _line(axes, rows_of, colour, name=clipped(name), aside=aside, alone=len(names) == 1)
        answers = [rows.get((names[0], day)) for day in months] if len(names) == 1 else []
        _frame(axes, months, [None if row is None else row[3] for row in answers])
        above = 10.0
        if len(names) > 1:
            above += 14.0 * _legend(axes, [clipped(name) for name in names])
        title(axes, "Net promoter score and its interval", above_pt=above)
        return axes


def _legend(axes: Axes, names: Sequence[str]) -> int:
    """Put a legend between plot and title, and return its number of lines."""
    columns = max(1, min(len(names), int(_LINE_LETTERS / (max(map(len, names)) + 5))))
    drawn = axes.legend(loc="lower left", bbox_to_anchor=(0, 1.02), ncols=columns, labelcolor=MUTED)
    # Set last: matplotlib hides a label that begins with an underscore.
    for text, name in zip(drawn.get_texts(), names, strict=True):
        text.set_text(name)
    return -(-len(names) // columns)


def _months(days: Sequence[date]) -> list[date]:
    first, last = (month_number(day) for day in (min(days), max(days)))
    return [first_of_month(at) for at in range(first, last + 1)]


def _line(
    axes: Axes,
    rows: Sequence[_Row | None],
    colour: str,
    *,
    name: str,
    aside: float,
    alone: bool,
) -> None:
    gap = float("nan")
    told = [[gap if x is None else x for x in (row or (None,) * 4)] for row in rows]
    scores, lows, highs = ([row[at] for row in told] for at in range(3))
    at = [nth + aside for nth in range(len(rows))]
    if alone:
        axes.fill_between(at, lows, highs, color=colour, alpha=0.15, linewidth=0)
    axes.vlines(at, lows, highs, color=colour, alpha=0.4, linewidth=1.0)
    axes.plot(at, scores, color=colour, marker="o", markersize=3.4, label=f"line {name}")
    known = [nth for nth, score in enumerate(scores) if score == score]  # noqa: PLR0124 - not NaN
    if alone:
        axes.annotate(
            signed(scores[known[-1]], whole=True),
            (known[-1], scores[known[-1]]),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            color=INK,
            weight="bold",
        )


def _frame(axes: Axes, months: Sequence[date], answers: Sequence[float | None]) -> None:
    from matplotlib.ticker import FuncFormatter

    tidy(axes)
    step = next((step for step in _STEPS if len(months) <= step * _MOST_LABELS), _STEPS[-1])
    ticks = [at for at, day in enumerate(months) if (day.month - 1) % step == 0] or [0]
    labels, year = [], None
    for at in ticks:
        lines = [f"{months[at]:%b}"]
        if answers and step == 1:
            lines.append(f"n={grouped(answers[at] or 0)}")
        if months[at].year != year:
            lines.append(str(months[at].year))
        labels.append("\n".join(lines))
        year = months[at].year
    axes.set_xticks(ticks, labels)
    axes.set_xlim(-0.6, len(months) - 0.4)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, -105.0), min(high, 105.0))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: signed(tick, whole=True)))
    axes.set_ylabel("points")

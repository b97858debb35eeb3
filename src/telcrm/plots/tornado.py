"""Which input moves a result most."""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf
from typing import TYPE_CHECKING, Final

from telcrm.errors import ParameterError
from telcrm.plots.canvas import canvas, say_nothing, title
from telcrm.plots.style import INK, MUTED, PALETTE, PRIMARY, tidy
from telcrm.plots.words import clipped, compact
from telcrm.value import Sensitivity, SensitivityRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["tornado"]

_BAR: Final = 0.62
_LOW, _HIGH = PALETTE[2], PRIMARY


def tornado(result: Sensitivity, *, ax: Axes | None = None) -> Axes:
    """Draw a tornado diagram: a bar for each input, the one that moves the result most on top.

    Parameters
    ----------
    result : Sensitivity
        What :func:`telcrm.value.sensitivity` returned.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed: extra ``plot``.
    ParameterError
        ``result`` is none, or ``ax`` is.

    Notes
    -----
    Bars begin at the result with all inputs unmoved. At their ends stand the low and the high value
    of the input. Where one of the two has no result, the other is drawn, and why is said beside it.
    Eschenbach (1992), "Spiderplots versus Tornado Diagrams for Sensitivity Analysis", Interfaces
    22(6), 40-46.

    Examples
    --------
    >>> from telcrm.value import margin_multiple, sensitivity
    >>> ax = tornado(sensitivity(margin_multiple, {"discount_rate": 0.12, "retention": 0.8}))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['retention', 'discount rate']
    """
    if not isinstance(result, Sensitivity):
        raise ParameterError(
            f"result is a {type(result).__name__}, and has to be what telcrm.value.sensitivity "
            "returns.",
            result=type(result).__name__,
        )
    rows = result.rows
    with canvas(ax, width_in=6.2, height_in=1.1 + 0.36 * max(len(rows), 2)) as axes:
        if not rows:
            return say_nothing(axes, "no inputs")
        _draw(axes, rows, result.result)
        title(axes, f"Result {compact(result.result)}, and what inputs make of it", above_pt=26.0)
        return axes


def _draw(axes: Axes, rows: Sequence[SensitivityRow], unmoved: float) -> None:
    from matplotlib.patches import Patch
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    tidy(axes, grid="x")
    axes.spines["left"].set_visible(False)
    reached = [unmoved]
    for at, row in enumerate(rows):
        ends = ((row.result_low, _LOW), (row.result_high, _HIGH))
        known = [(end, colour) for end, colour in ends if end is not None]
        # The longer first: were both on one side, it would hide the other.
        for end, colour in sorted(known, key=lambda bar: -abs(bar[0] - unmoved)):
            axes.barh(at, end - unmoved, left=unmoved, height=_BAR, color=colour)
            reached.append(end)
        _write(axes, at, row, unmoved)
    low, high = min(reached), max(reached)
    room = (high - low) or abs(unmoved) or 1.0
    axes.set_xlim(low - 0.14 * room, high + 0.14 * room)
    axes.axvline(unmoved, color=MUTED, linewidth=0.8)
    axes.set_yticks(range(len(rows)), [clipped(row.input.replace("_", " "), 36) for row in rows])
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: compact(tick)))
    axes.legend(
        [Patch(color=_LOW), Patch(color=_HIGH)],
        ["input at its low", "input at its high"],
        loc="lower left",
        bbox_to_anchor=(0, 1.02),
        ncols=2,
        labelcolor=MUTED,
    )


def _write(axes: Axes, at: int, row: SensitivityRow, unmoved: float) -> None:
    """Write the values of an input beside the bar, each on its side; last, what is missing."""
    ends = ((row.low, row.result_low), (row.high, row.result_high))
    known = [(value, end) for value, end in ends if end is not None]
    missing = "infinite" if row.swing is not None and isinf(row.swing) else "no result"
    lacking = [f"{compact(value)}: {missing}" for value, end in ends if end is None]
    for side, sign in (("right", -1.0), ("left", 1.0)):
        here = sorted((end, value) for value, end in known if (end < unmoved) == (sign < 0))
        words = [compact(value) for _, value in here] + (lacking if sign > 0 else [])
        outer = max((abs(end - unmoved) for end, _ in here), default=0.0)
        if words:
            axes.annotate(
                ", ".join(words),
                (unmoved + sign * outer, at),
                xytext=(4 * sign, 0),
                textcoords="offset points",
                ha=side,
                va="center",
                fontsize=7.5,
                color=MUTED,
            )

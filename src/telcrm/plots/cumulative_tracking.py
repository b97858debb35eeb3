"""Repeat purchases over time, and those that a model expects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telcrm.errors import ParameterError
from telcrm.plots.calibration_line import calibration_line
from telcrm.plots.canvas import canvas, say_nothing, title
from telcrm.plots.style import ACCENT, MUTED, PRIMARY, tidy
from telcrm.plots.words import compact, grouped
from telcrm.value import CumulativeTransactions

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["cumulative_tracking"]


def cumulative_tracking(result: CumulativeTransactions, *, ax: Axes | None = None) -> Axes:
    """Draw the cumulative repeat purchases of all customers, actual and expected.

    Parameters
    ----------
    result : CumulativeTransactions
        What :func:`telcrm.value.cumulative_transactions` returned.
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
    Right of the line the model has not seen what happened. Fader, Hardie & Lee (2005), "'Counting
    Your Customers' the Easy Way", Marketing Science 24(2), 275-284, figure 3.

    Examples
    --------
    >>> from telcrm.value import TimeUnit
    >>> result = CumulativeTransactions(
    ...     TimeUnit.WEEK, 9, (0.0, 1.0, 2.0), (0, 4, 6), (0.0, 3.5, 6.2), 1.0
    ... )
    >>> ax = cumulative_tracking(result)
    >>> [text.get_text() for text in ax.texts]
    ['calibration ', ' holdout']
    """
    if not isinstance(result, CumulativeTransactions):
        raise ParameterError(
            f"result is a {type(result).__name__}, and has to be what "
            "telcrm.value.cumulative_transactions returns.",
            result=type(result).__name__,
        )
    with canvas(ax, width_in=6.2, height_in=3.6) as axes:
        if not result.time:
            return say_nothing(axes, "no customers")
        _draw(axes, result)
        customers = f"{grouped(result.customers)} customer{'' if result.customers == 1 else 's'}"
        title(axes, f"Repeat purchases of {customers}, added up", above_pt=26.0)
        return axes


def _draw(axes: Axes, result: CumulativeTransactions) -> None:
    from matplotlib.ticker import FuncFormatter

    tidy(axes)
    axes.plot(result.time, result.actual, color=PRIMARY)
    axes.plot(result.time, result.expected, color=ACCENT, linestyle=(0, (4, 2)))
    axes.legend(
        axes.get_lines(),
        ["actual", "expected"],
        loc="lower left",
        bbox_to_anchor=(0, 1.02),
        ncols=2,
        handlelength=2.6,
        labelcolor=MUTED,
    )
    if result.calibration_end is not None:
        calibration_line(axes, result.calibration_end)
    axes.set_xlim(0, result.time[-1] or 1.0)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(f"{result.unit}s since the first purchase of all")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: compact(tick)))

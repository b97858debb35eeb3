"""Whether of a hundred customers scored 0.3, thirty leave."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from telcrm.errors import ParameterError
from telcrm.plots.canvas import canvas, ticks_within, title
from telcrm.plots.labels import ASIDE_PT
from telcrm.plots.style import EDGE, INK, MUTED, PALETTE, PRIMARY, tidy
from telcrm.plots.words import grouped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from telcrm.churn import Reliability, ReliabilityBin

__all__ = ["reliability_diagram"]

# Of the height of the plot: the histogram under it, and the gap between the two.
_HISTOGRAM: Final = 0.16
_GAP: Final = 0.03


def reliability_diagram(result: Reliability, *, ax: Axes | None = None) -> Axes:
    r"""Draw observed against predicted churn, bin by bin, and how the predictions are spread.

    Parameters
    ----------
    result : Reliability
        What :func:`telcrm.churn.reliability` returned, or ``reliability`` of a
        :class:`telcrm.churn.ChurnReport`.
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
    Each dot stands for about as many customers, with Wilson's interval of the share that left; a
    calibrated model has its dots on the diagonal, but for chance. Under it lies the density of the
    predictions, as far as the bins tell it. Bröcker & Smith (2007), "Increasing the Reliability of
    Reliability Diagrams", Weather and Forecasting 22(3), 651-661.

    Examples
    --------
    >>> from telcrm.churn import reliability
    >>> ax = reliability_diagram(reliability([0, 0, 1, 1], [0.1, 0.3, 0.6, 0.8], bins=2))
    >>> ax.texts[0].get_text()
    '0.250 apart on average (ECE)\nbars: 95% intervals'
    """
    from telcrm.churn import Reliability

    if not isinstance(result, Reliability):
        raise ParameterError(
            f"result is a {type(result).__name__}, and has to be what telcrm.churn.reliability "
            "returns.",
            result=type(result).__name__,
        )
    with canvas(ax, width_in=4.8, height_in=4.4) as axes:
        _draw(axes, result)
        customers = sum(each.customers for each in result.bins)
        title(axes, f"Predicted and observed churn of {grouped(customers)} customers")
        return axes


def _draw(axes: Axes, result: Reliability) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    tidy(axes)
    bins = result.bins
    predicted, observed = [each.predicted for each in bins], [each.observed for each in bins]
    end = min(1.0, 1.06 * max(*predicted, *observed, *(each.upper for each in bins), 1e-9))
    axes.plot([0, end], [0, end], color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.vlines(
        predicted,
        [each.lower for each in bins],
        [each.upper for each in bins],
        color=PALETTE[2],
        linewidth=2.0,
    )
    axes.plot(predicted, observed, "o-", color=PRIMARY, markersize=4.5, linewidth=1.2)
    floor = -(_HISTOGRAM + _GAP) * end
    _histogram(axes, bins, floor, _HISTOGRAM * end)
    axes.axhline(0, color=EDGE, linewidth=0.8)
    axes.text(0.03, 0.97, _words(result), transform=axes.transAxes, va="top", color=INK)
    axes.text(
        0.98,
        0.02,
        "spread of predictions",
        ha="right",
        color=MUTED,
        fontsize=ASIDE_PT,
        transform=axes.transAxes,
    )
    axes.set_xlim(0, end)
    axes.set_ylim(floor, end)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda tick, _: f"{100 * tick:.3g}%"))
    ticks_within(axes, 0.0, end)
    axes.set_xlabel("predicted share that leaves")
    axes.set_ylabel("observed share that left")


def _histogram(axes: Axes, bins: tuple[ReliabilityBin, ...], floor: float, height: float) -> None:
    """Draw how dense predictions are, between the midpoints of neighbouring bins."""
    edges = [bins[0].low, *((a.high + b.low) / 2 for a, b in pairwise(bins)), bins[-1].high]
    widths = [max(b - a, 1e-9) for a, b in pairwise(edges)]
    density = [each.customers / width for each, width in zip(bins, widths, strict=True)]
    most = max(density)
    axes.bar(
        edges[:-1],
        [height * each / most for each in density],
        width=widths,
        bottom=floor,
        align="edge",
        color=EDGE,
        edgecolor="white",
        linewidth=0.5,
    )


def _words(result: Reliability) -> str:
    return (
        f"{result.error:.3f} apart on average (ECE)\nbars: {100 * result.confidence:g}% intervals"
    )

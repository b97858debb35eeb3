"""How profit adds up from the best customer to the worst: the whale curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from telcrm.errors import ParameterError
from telcrm.plots.canvas import canvas, say_nothing, title
from telcrm.plots.labels import label_point
from telcrm.plots.style import ACCENT, MUTED, PRIMARY, tidy
from telcrm.plots.words import compact, grouped, percent
from telcrm.value import WhaleCurve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["cumulative_profit_curve"]

_MOST_MULTIPLE: Final = 100.0


def cumulative_profit_curve(result: WhaleCurve, *, ax: Axes | None = None) -> Axes:
    """Draw the whale curve: the profit of the best share of customers, added up.

    Parameters
    ----------
    result : WhaleCurve
        What :func:`telcrm.value.whale_curve` returned.
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
    Up to its peak the curve rises by customers who earn, and from there it falls by those who cost,
    to the dashed line: the profit of all. It is drawn in percent of that, and in major units of the
    currency if that is nothing, or less than a hundredth of the peak. Kaplan & Narayanan (2001),
    "Measuring and Managing Customer Profitability", Journal of Cost Management 15(5), 5-15.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.value import whale_curve
    >>> margins = pl.DataFrame(
    ...     {"customer_id": ["a", "b", "c", "d", "e"], "margin": [90.0, 10.0, 0.0, -20.0, -40.0]}
    ... )
    >>> ax = cumulative_profit_curve(whale_curve(margins))
    >>> [text.get_text() for text in ax.texts]
    ['the best 40% of customers make 250%']
    """
    if not isinstance(result, WhaleCurve):
        raise ParameterError(
            f"result is a {type(result).__name__}, and has to be what telcrm.value.whale_curve "
            "returns.",
            result=type(result).__name__,
        )
    with canvas(ax, width_in=5.6, height_in=3.8) as axes:
        if not result.points:
            return say_nothing(axes, "no customers")
        if not result.profitable and not result.loss_making:
            return say_nothing(axes, "no profit and no loss")
        _draw(axes, result)
        customers = f"{grouped(result.customers)} customer{'' if result.customers == 1 else 's'}"
        title(axes, f"Profit of {customers}, added up to {compact(result.total)}")
        return axes


def _draw(axes: Axes, result: WhaleCurve) -> None:
    from matplotlib.ticker import FuncFormatter, PercentFormatter

    tidy(axes)
    whole = _whole(result)
    shares, sums = zip(*result.points, strict=True)
    heights = [held / whole if whole else held for held in sums]
    peak = result.peak / whole if whole else result.peak
    end = heights[-1]
    best = result.peak_customers or 0.0
    axes.axhline(end, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.plot(shares, heights, color=PRIMARY)
    falling = [(share, high) for share, high in zip(shares, heights, strict=True) if share >= best]
    if result.loss_making:
        x, y = zip(*falling, strict=True)
        axes.fill_between(x, end, y, color=ACCENT, alpha=0.18, linewidth=0)
    axes.plot([best, 1.0], [peak, end], "o", color=PRIMARY, markersize=5, clip_on=False)
    low, high = min(0.0, *heights), max(0.0, *heights)
    room = (high - low) or 1.0
    axes.set_ylim(low - (0.14 * room if low < 0 else 0.0), high + 0.16 * room)
    told = _words(result, best, percent(peak) if whole else compact(peak))
    label_point(axes, told, (best, peak))
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of customers, the best first")
    axes.set_ylabel("share of all profit" if whole else "profit")
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda tick, _: f"{100 * tick:.0f}%" if whole else compact(tick))
    )


def _whole(result: WhaleCurve) -> float | None:
    """Return what the curve is a share of; a total of next to nothing would make it meaningless."""
    multiple = result.peak_multiple
    return result.total if multiple is not None and multiple <= _MOST_MULTIPLE else None


def _words(result: WhaleCurve, best: float, made: str) -> str:
    if not result.profitable:
        return "no customer earns"
    if not result.loss_making:
        return "no customer costs"
    return f"the best {percent(best)} of customers make {made}"

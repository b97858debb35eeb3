"""What a campaign earns, by the share of customers it contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from telcrm.errors import ParameterError
from telcrm.plots.canvas import canvas, ticks_within, title
from telcrm.plots.labels import label_point
from telcrm.plots.style import ACCENT, MUTED, PRIMARY, tidy
from telcrm.plots.words import compact, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from telcrm.churn import ProfitCurve

__all__ = ["campaign_profit_curve"]

# How far below 0 the plot reaches, for each step above.
_DEEPEST: Final = 1.5


def campaign_profit_curve(result: ProfitCurve, *, ax: Axes | None = None) -> Axes:
    """Draw the profit per customer by the share contacted, beside nobody, everybody and the best.

    Parameters
    ----------
    result : ProfitCurve
        What :func:`telcrm.churn.profit_curve` returned, or ``profit`` of a
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
    Profit is that of all customers together over their number, in major units of the currency of
    the customers' value. The best share of past customers is a little too good to be true: it was
    chosen after the fact.

    Examples
    --------
    >>> from telcrm.churn import profit_curve
    >>> y, scores = [0, 0, 0, 1, 0, 1], [0.1, 0.2, 0.3, 0.8, 0.85, 0.9]
    >>> ax = campaign_profit_curve(profit_curve(y, scores))
    >>> [text.get_text() for text in ax.texts]
    ['perfect 18.7', 'nobody', 'everybody 11.3', 'best: 16.8 from the first 50%']
    """
    from telcrm.churn import ProfitCurve

    if not isinstance(result, ProfitCurve):
        raise ParameterError(
            f"result is a {type(result).__name__}, and has to be what telcrm.churn.profit_curve "
            "returns.",
            result=type(result).__name__,
        )
    with canvas(ax, width_in=5.6, height_in=3.8) as axes:
        _draw(axes, result)
        title(axes, "Profit of a campaign per customer, by customers contacted")
        return axes


def _draw(axes: Axes, result: ProfitCurve) -> None:
    from matplotlib.ticker import FuncFormatter, PercentFormatter

    tidy(axes)
    shares, profits = zip(*result.points, strict=True)
    everybody = profits[-1]
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.plot(shares, profits, color=PRIMARY)
    high = max(0.0, *profits, result.perfect)
    # Contacting many may lose so much that no gain could be seen beside it.
    low = max(min(0.0, *profits), -_DEEPEST * high if high else -1.0)
    room = (high - low) or 1.0
    if result.perfect > 0:
        axes.axhline(result.perfect, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        told = f"perfect {compact(result.perfect)}"
        label_point(axes, told, (1.0, result.perfect), offset_pt=(-2, 3), aside=True)
    away = 3 if everybody < 0 else -10
    label_point(axes, "nobody", (1.0, 0.0), offset_pt=(-2, away), aside=True)
    shown = everybody >= low
    axes.plot(0.0, 0.0, "o", color=MUTED, markersize=4, clip_on=False)
    if shown:
        axes.plot(1.0, everybody, "o", color=MUTED, markersize=4, clip_on=False)
    label_point(
        axes,
        f"everybody {compact(everybody)}{'' if shown else ', far below'}",
        (1.0, max(everybody, low)),
        offset_pt=(-8, 0),
        height="center",
        aside=True,
    )
    best = (result.best_share, result.best_profit)
    axes.plot(*best, "o", color=ACCENT, markersize=6, zorder=4, clip_on=False)
    told = f"best: {compact(best[1])} from the first {percent(best[0])}"
    label_point(axes, told if best[1] > 0 else "best: contact nobody", best, offset_pt=(0, 8))
    axes.set_xlim(0, 1)
    axes.set_ylim(low - 0.1 * room, high + 0.12 * room)
    ticks_within(axes, low, high)
    axes.set_xlabel("share of customers contacted, the highest scores first")
    axes.set_ylabel("profit per customer of the base")
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: compact(tick)))

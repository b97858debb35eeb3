"""How many of the leavers the first share of a ranking holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from telcrm.domain.arguments import require_proper_share
from telcrm.plots.canvas import canvas, say_nothing, title
from telcrm.plots.labels import label_point
from telcrm.plots.named_results import LEGEND_IN, draw_named, legend_below, named_results
from telcrm.plots.style import INK, MUTED, tidy
from telcrm.plots.words import clipped, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from telcrm.churn import GainsCurve

__all__ = ["gains_curve"]

_NAME_LETTERS: Final = 17


def gains_curve(
    result: GainsCurve | Mapping[str, GainsCurve], *, q: float = 0.1, ax: Axes | None = None
) -> Axes:
    """Draw the cumulative gains: the share of leavers among the customers of the highest scores.

    Parameters
    ----------
    result : GainsCurve or mapping of str to GainsCurve
        What :func:`telcrm.churn.gains` returned, or ``gains`` of a
        :class:`telcrm.churn.ChurnReport`; several by name, seven at most.
    q : float in (0, 1)
        Share of customers at which the lift is told.
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
        ``result`` or ``ax`` is none, ``q`` is no share, or there are more curves than colours.

    Notes
    -----
    Between the dashed lines lies what a ranking can do: below, customers in random order; above,
    all leavers first. Several curves of one share of leavers have one upper line; of several
    shares, none is drawn. The lift is the height at ``q`` over ``q``.

    Examples
    --------
    >>> from telcrm.churn import gains
    >>> ax = gains_curve(gains([1, 0, 1, 0, 0], [0.9, 0.8, 0.3, 0.1, 0.05]), q=0.2)
    >>> [text.get_text() for text in ax.texts]
    ['perfect', 'random', 'the top 20% hold 50%: lift 2.5']
    """
    require_proper_share(q=q)
    from telcrm.churn import GainsCurve

    curves = named_results(result, GainsCurve, made_by="telcrm.churn.gains")
    with canvas(ax, width_in=4.8, height_in=4.1 + LEGEND_IN * max(len(curves) - 1, 0)) as axes:
        if not curves:
            return say_nothing(axes, "no curves")
        _draw(axes, curves, q)
        title(axes, "Leavers found, by customers contacted")
        return axes


def _draw(axes: Axes, curves: Mapping[str, GainsCurve], q: float) -> None:
    from matplotlib.ticker import PercentFormatter

    tidy(axes)
    rates = {round(one.base_rate, 6) for one in curves.values()}
    if len(rates) == 1:
        [rate] = rates
        _bound(axes, [(0.0, 0.0), (rate, 1.0), (1.0, 1.0)])
        over = (max(rate, 0.02), 1.0)
        label_point(axes, "perfect", over, offset_pt=(6, -4), height="top", aside=True)
    _bound(axes, [(0.0, 0.0), (1.0, 1.0)])
    label_point(
        axes, "random", (0.8, 0.8), offset_pt=(4, -6), side="left", height="top", aside=True
    )
    words = {}
    for at, (name, one) in enumerate(curves.items()):
        shares, caught = zip(*one.points, strict=True)
        line = draw_named(axes, at, shares, caught)
        point = (q, one.captured(q))
        axes.plot(*point, "o", color=line.get_color(), markersize=5, zorder=line.get_zorder())
        told = f"the top {percent(q)} hold {percent(point[1])}: lift {one.lift(q):.1f}"
        words[line] = f"{clipped(name, _NAME_LETTERS)}: {told}"
        if len(curves) == 1:
            axes.text(0.97, 0.04, told, ha="right", color=INK, transform=axes.transAxes)
    if len(words) > 1:
        legend_below(axes, words)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.005)
    axes.set_aspect("equal")
    axes.set_xlabel("share of customers contacted, the highest scores first")
    axes.set_ylabel("share of leavers found")
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.yaxis.set_major_formatter(PercentFormatter(1))


def _bound(axes: Axes, corners: list[tuple[float, float]]) -> None:
    axes.plot(*zip(*corners, strict=True), color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))

"""How many more customers stay because of a campaign, by how many are contacted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from telcrm.errors import ParameterError
from telcrm.plots.canvas import canvas, say_nothing, ticks_within, title
from telcrm.plots.labels import label_point
from telcrm.plots.named_results import LEGEND_IN, draw_named, legend_below, named_results
from telcrm.plots.style import MUTED, tidy
from telcrm.plots.words import clipped, compact, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from telcrm.churn import UpliftCurve

__all__ = ["uplift_curves"]

_NAME_LETTERS: Final = 22


def uplift_curves(
    result: UpliftCurve | Mapping[str, UpliftCurve], *, ax: Axes | None = None
) -> Axes:
    """Draw Qini or uplift curves: responses added among the customers of the greatest uplift.

    Parameters
    ----------
    result : UpliftCurve or mapping of str to UpliftCurve
        What :func:`telcrm.churn.qini_curve` or :func:`telcrm.churn.uplift_curve` returned; several
        by name, all of one of the two, seven at most.
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
        ``result`` or ``ax`` is none, some curves are Qini curves and some are not, or there are
        more of them than colours.

    Notes
    -----
    The dashed line is a random order of the first curve's customers: it reaches what contacting all
    of them added. A curve that rises above its end says that some are better left alone.

    Examples
    --------
    >>> from telcrm.churn import qini_curve
    >>> stayed, treated = [1, 0, 1, 1, 0, 0, 1, 0], [1, 0, 1, 0, 1, 0, 1, 0]
    >>> ax = uplift_curves(qini_curve(stayed, [0.9, 0.8, 0.7, 0.6, 0.3, 0.2, 0.1, 0], treated))
    >>> [text.get_text() for text in ax.texts]
    ['random', 'at best 2 from the first 38%']
    """
    from telcrm.churn import UpliftCurve

    made_by = "telcrm.churn.qini_curve or uplift_curve"
    curves = named_results(result, UpliftCurve, made_by=made_by)
    kinds = {one.name for one in curves.values()}
    if len(kinds) > 1:
        raise ParameterError(
            f"result mixes curves of {' and '.join(sorted(kinds))}, which cannot be compared. Draw "
            "one kind.",
            kinds=sorted(kinds),
        )
    with canvas(ax, width_in=5.6, height_in=3.9 + LEGEND_IN * max(len(curves) - 1, 0)) as axes:
        if not curves:
            return say_nothing(axes, "no curves")
        _draw(axes, curves)
        [kind] = kinds
        title(axes, f"{kind.capitalize()} curve{'s' if len(curves) > 1 else ''}: responses added")
        return axes


def _draw(axes: Axes, curves: Mapping[str, UpliftCurve]) -> None:
    from matplotlib.ticker import FuncFormatter, PercentFormatter

    tidy(axes)
    first = next(iter(curves.values()))
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.plot([0, 1], [0, first.gain[-1]], color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
    label_point(
        axes,
        "random",
        (0.75, 0.75 * first.gain[-1]),
        offset_pt=(3, -5),
        side="left",
        height="top",
        aside=True,
    )
    words = {}
    for at, (name, one) in enumerate(curves.items()):
        shares = [reached / one.customers[-1] for reached in one.customers]
        line = draw_named(axes, at, shares, one.gain)
        best = max(range(len(one.gain)), key=one.gain.__getitem__)
        told = f"at best {compact(one.gain[best])} from the first {percent(shares[best])}"
        point = (shares[best], one.gain[best])
        axes.plot(*point, "o", color=line.get_color(), markersize=5, zorder=line.get_zorder())
        words[line] = f"{clipped(name, _NAME_LETTERS)}: {told}"
        if len(curves) == 1:
            label_point(axes, told, point)
    if len(words) > 1:
        legend_below(axes, words)
    axes.set_xlim(0, 1)
    axes.margins(y=0.12)
    ticks_within(axes, *axes.get_ylim())
    axes.set_xlabel("share of customers contacted, the greatest uplift first")
    axes.set_ylabel("responses added")
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: compact(tick)))

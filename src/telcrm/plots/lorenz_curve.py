"""How unequally customers share the value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from telcrm.errors import ParameterError
from telcrm.plots.canvas import canvas, say_nothing, title
from telcrm.plots.named_results import LEGEND_IN, draw_named, legend_below, named_results
from telcrm.plots.style import INK, MUTED, tidy
from telcrm.plots.words import clipped, percent
from telcrm.segmentation import Concentration

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["lorenz_curve"]

_NOWHERE: Final = float("nan")


def lorenz_curve(
    result: Concentration | Mapping[str, Concentration],
    *,
    top: float = 0.2,
    ax: Axes | None = None,
) -> Axes:
    """Draw the Lorenz curve: the share of value held by the poorest share of customers.

    Parameters
    ----------
    result : Concentration or mapping of str to Concentration
        What :func:`telcrm.segmentation.concentration` returned; several, by name, are compared,
        seven at most.
    top : float in (0, 1)
        Share of customers, the best, whose share of the value is marked.
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
        ``result`` is none, ``top`` no share, or there are more curves than colours.

    Notes
    -----
    On the dashed diagonal all hold the same. The Gini coefficient is twice the area between it and
    the curve. A result without value has no curve, and is said to have none.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.segmentation import concentration
    >>> months = pl.DataFrame({"customer_id": list("abcde"), "revenue": [80.0, 5, 5, 5, 5]})
    >>> ax = lorenz_curve(concentration(months))
    >>> [text.get_text() for text in ax.texts]
    ['Gini 0.60, the top 20% hold 80%']
    """
    curves = named_results(result, Concentration, made_by="telcrm.segmentation.concentration")
    if isinstance(top, bool) or not isinstance(top, float) or not 0 < top < 1:
        raise ParameterError(f"top is {top!r:.40}, and has to be a share between 0 and 1.", top=top)
    with canvas(ax, width_in=4.8, height_in=4.1 + LEGEND_IN * max(len(curves) - 1, 0)) as axes:
        if all(one.gini is None for one in curves.values()):
            return say_nothing(axes, "no value to share")
        _draw(axes, curves, top)
        title(axes, "Share of value by share of customers")
        return axes


def _draw(axes: Axes, curves: Mapping[str, Concentration], top: float) -> None:
    from matplotlib.ticker import PercentFormatter

    tidy(axes)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
    said = {name: _words(one, top) for name, one in curves.items()}
    words = {}
    for at, (name, one) in enumerate(curves.items()):
        held = one.top_share(top)
        x, y = zip(*(one.lorenz or ((_NOWHERE, _NOWHERE),)), strict=True)
        line = draw_named(axes, at, x, y)
        words[line] = f"{clipped(name, 17)}: {said[name]}"
        if held is not None:
            colour, height = line.get_color(), line.get_zorder()
            axes.plot(1 - top, 1 - held, "o", color=colour, markersize=5, zorder=height)
        if len(curves) == 1:
            axes.fill_between(x, x, y, color=line.get_color(), alpha=0.08, linewidth=0)
            axes.text(0.03, 0.97, said[name], transform=axes.transAxes, va="top", color=INK)
    if len(curves) > 1:
        legend_below(axes, words)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.005)
    axes.set_aspect("equal")
    axes.set_xlabel("share of customers, the poorest first")
    axes.set_ylabel("share of value")
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.yaxis.set_major_formatter(PercentFormatter(1))


def _words(one: Concentration, top: float) -> str:
    held = one.top_share(top)
    if one.gini is None or held is None:
        return "no value"
    return f"Gini {one.gini:.2f}, the top {percent(top)} hold {percent(held)}"

"""Axes to draw on: the caller's, or those of a new figure that belongs to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from telcrm.errors import MissingExtraError, ParameterError
from telcrm.plots.style import EDGE, FAINT, LINE_PT, MUTED, TEXT_PT, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["canvas", "say_nothing", "ticks_within", "title"]


@contextmanager
def canvas(ax: Axes | None, *, width_in: float, height_in: float) -> Iterator[Axes]:
    """Draw in the house's look on the given axes, or on those of a new figure.

    Parameters
    ----------
    ax : matplotlib.axes.Axes, optional
    width_in, height_in : float
        Inches of a new figure. It is none of pyplot's, so nothing has to be closed.

    Yields
    ------
    matplotlib.axes.Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    ParameterError
        ``ax`` is no axes.
    """
    if find_spec("matplotlib") is None:
        raise MissingExtraError.needing("a plot", "matplotlib", extra="plot")
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    if ax is not None and not isinstance(ax, Axes):
        raise ParameterError(
            f"ax is a {type(ax).__name__}, and has to be matplotlib axes. Pass "
            "ax=Figure().add_subplot(), or leave it out for a figure of its own.",
            ax=type(ax).__name__,
        )
    with styled():
        if ax is None:
            figure = Figure(figsize=(width_in, height_in), layout="constrained")
            yield figure.add_subplot()
        else:
            _adopt(ax)
            yield ax


def _adopt(ax: Axes) -> None:
    """Give axes that were made in another look what new ones would have."""
    ax.set_axisbelow(True)
    ax.tick_params(
        color=EDGE, labelcolor=MUTED, labelsize=TEXT_PT, grid_color=FAINT, grid_linewidth=LINE_PT
    )
    for side in ax.spines.values():
        side.set(edgecolor=EDGE, linewidth=LINE_PT)
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set(color=MUTED, fontsize=TEXT_PT)


def title(axes: Axes, text: str, *, above_pt: float = 10.0) -> None:
    """Say above the plot what it shows.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    text : str
    above_pt : float
        Room between the two, in points.
    """
    axes.set_title(text, loc="left", fontsize=9.5, color=MUTED, pad=above_pt)


def ticks_within(axes: Axes, low: float, high: float) -> None:
    """Leave out ticks of the upright axis that lie outside a range, whose limits stay.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its limits are set.
    low, high : float
    """
    axes.set_yticks([tick for tick in axes.get_yticks() if low <= tick <= high])


def say_nothing(axes: Axes, text: str) -> Axes:
    """Leave the axes empty but for a sentence.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    text : str
        Why there is nothing to draw.

    Returns
    -------
    matplotlib.axes.Axes
        The same.
    """
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", color=MUTED, transform=axes.transAxes)
    return axes

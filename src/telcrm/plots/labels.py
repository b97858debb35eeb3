"""Words beside what they name, on a plot rather than in a legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from telcrm.plots.style import INK, MUTED, TEXT_PT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ASIDE_PT", "label_ends", "label_point", "spread"]

ASIDE_PT: Final = 7.5

# Least distance of two labels on the right, as a share of the plot's height.
_APART: Final = 0.06
_LEFT, _RIGHT = 0.35, 0.65


def label_point(
    axes: Axes,
    words: str,
    at: tuple[float, float],
    *,
    offset_pt: tuple[float, float] = (0.0, 7.0),
    side: str = "",
    height: str = "baseline",
    aside: bool = False,
) -> None:
    """Write beside a point.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    words : str
    at : (float, float)
    offset_pt : (float, float)
        From the point, in points.
    side : {"left", "center", "right", ""}
        The end of the words that is there; by default the one that keeps them on a plot of shares.
    height : str
        As matplotlib's ``va``.
    aside : bool
        Whether they are small and pale.
    """
    by_place = "left" if at[0] < _LEFT else "right" if at[0] > _RIGHT else "center"
    axes.annotate(
        words,
        at,
        xytext=offset_pt,
        textcoords="offset points",
        ha=side or by_place,
        va=height,
        color=MUTED if aside else INK,
        fontsize=ASIDE_PT if aside else TEXT_PT,
    )


def label_ends(axes: Axes, ends: Mapping[str, float]) -> None:
    """Name on the right what ends there, no name over another.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its limits are set.
    ends : mapping of str to float
        Where each ends.
    """
    low, high = axes.get_ylim()
    placed = spread(list(ends.values()), least=_APART * (high - low), most=high)
    for words, height in zip(ends, placed, strict=True):
        axes.annotate(
            words,
            (1.0, height),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=INK,
        )


def spread(heights: Sequence[float], *, least: float, most: float) -> list[float]:
    """Move heights apart, upwards first, and none above the most.

    Parameters
    ----------
    heights : sequence of float
    least : float
        Distance between two.
    most : float

    Returns
    -------
    list of float
        In the order given.

    Examples
    --------
    >>> spread([0.5, 0.51, 1.0], least=0.1, most=1.0)
    [0.5, 0.6, 1.0]
    >>> spread([0.96, 1.0], least=0.25, most=1.0)
    [0.75, 1.0]
    """
    order = sorted(range(len(heights)), key=heights.__getitem__)
    placed = list(heights)
    for under, over in pairwise(order):
        placed[over] = max(placed[over], placed[under] + least)
    room = most
    for one in reversed(order):
        placed[one] = min(placed[one], room)
        room = placed[one] - least
    return placed

"""Bands from the segments on the left to those on the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from telcrm.plots.style import INK, MUTED, PALETTE
from telcrm.plots.words import clipped, grouped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_alluvial"]

_STATE: Final = "#b9c5cc"
_NODE: Final = 0.035
_GAP: Final = 0.03
# Shares of the height below which a number, or a name, would touch its neighbour.
_LEAST_NUMBER: Final = 0.034
_LEAST_NAME: Final = 0.058


def draw_alluvial(
    axes: Axes,
    moves: Mapping[tuple[str, str], float],
    left: Sequence[str],
    right: Sequence[str],
) -> None:
    """Draw moves as bands, as wide as customers are many, in the colour of where they come from.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    moves : mapping of (str, str) to float
        Customers by segment before and after, each above 0.
    left, right : sequence of str
        The segments of both sides, the first on top.
    """
    colours = _colours([*left, *(name for name in right if name not in left)])
    scale = (1 - _GAP * (max(len(left), len(right)) - 1)) / sum(moves.values())
    starts = _stack(left, {a: sum(moves.get((a, b), 0.0) for b in right) for a in left}, scale)
    ends = _stack(right, {b: sum(moves.get((a, b), 0.0) for a in left) for b in right}, scale)
    leaving, arriving = ({n: top for n, (top, _) in at.items()} for at in (starts, ends))
    for origin in left:
        for end in right:
            height = moves.get((origin, end), 0.0) * scale
            if not height:
                continue
            _band(axes, leaving[origin], arriving[end], height, colours[origin])
            if height >= _LEAST_NUMBER:
                axes.text(
                    _NODE + 0.012,
                    leaving[origin] - height / 2,
                    grouped(moves[origin, end]),
                    va="center",
                    fontsize=7,
                    color=INK,
                )
            leaving[origin] -= height
            arriving[end] -= height
    for at, nodes, side in ((0.0, starts, "right"), (1.0 - _NODE, ends, "left")):
        _nodes(axes, nodes, at, colours, align=side, scale=scale)
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.02, 1.02)
    axes.set_axis_off()


def _colours(names: Sequence[str]) -> dict[str, str]:
    segments = [name for name in names if not name.startswith("(")]
    told = {name: PALETTE[at % len(PALETTE)] for at, name in enumerate(segments)}
    return dict.fromkeys(names, _STATE) | told


def _stack(
    names: Sequence[str], sizes: Mapping[str, float], scale: float
) -> dict[str, tuple[float, float]]:
    """Return the top and the size of each segment, in the middle of the height."""
    used = sum(sizes.values()) * scale + _GAP * (len(names) - 1)
    top, placed = 0.5 + used / 2, {}
    for name in names:
        placed[name] = top, sizes[name]
        top -= sizes[name] * scale + _GAP
    return placed


def _band(axes: Axes, start: float, end: float, height: float, colour: str) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    near, far = _NODE, 1.0 - _NODE
    points = [
        (near, start),
        (0.5, start),
        (0.5, end),
        (far, end),
        (far, end - height),
        (0.5, end - height),
        (0.5, start - height),
        (near, start - height),
        (near, start),
    ]
    curve = [Path.CURVE4] * 3
    codes = [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY]
    axes.add_patch(PathPatch(Path(points, codes), facecolor=colour, alpha=0.42, linewidth=0))


def _nodes(
    axes: Axes,
    nodes: Mapping[str, tuple[float, float]],
    at: float,
    colours: Mapping[str, str],
    *,
    align: str,
    scale: float,
) -> None:
    middles = [top - size * scale / 2 for top, size in nodes.values()]
    for (name, (top, size)), height in zip(nodes.items(), _spread(middles), strict=True):
        axes.bar(
            at + _NODE / 2, -size * scale, bottom=top, width=_NODE, color=colours[name], linewidth=0
        )
        axes.text(
            at - 0.012 if align == "right" else at + _NODE + 0.012,
            height,
            f"{clipped(name)}  {grouped(size)}",
            ha=align,
            va="center",
            color=MUTED if name.startswith("(") else INK,
        )


def _spread(heights: Sequence[float]) -> list[float]:
    """Move names apart that would overlap, down, and up again where the last fell off."""
    placed: list[float] = []
    for height in heights:
        placed.append(min(height, placed[-1] - _LEAST_NAME) if placed else height)
    floor = 0.0
    for at in reversed(range(len(placed))):
        placed[at] = max(placed[at], floor)
        floor = placed[at] + _LEAST_NAME
    return placed

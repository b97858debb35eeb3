"""Several results on one plot, told apart by name, colour and dashes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from telcrm.errors import ParameterError
from telcrm.plots.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["DASHES", "LEGEND_IN", "draw_named", "legend_below", "named_results", "refuse_too_many"]

ResultT = TypeVar("ResultT")

DASHES: Final[tuple[Any, ...]] = ("-", (0, (4, 2)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))

LEGEND_IN: Final = 0.24
"""Height of a line of :func:`legend_below`."""


def named_results(result: object, kind: type[ResultT], *, made_by: str) -> dict[str, ResultT]:
    """Return results by name; one that has none is named ``""``.

    Parameters
    ----------
    result : object
        A result, or a mapping of names to results.
    kind : type
        What each has to be.
    made_by : str
        The function that returns them, for the message.

    Returns
    -------
    dict of str to result

    Raises
    ------
    ParameterError
        They are none, or more than can be told apart.
    """
    named = {"": result} if isinstance(result, kind) else result
    if not isinstance(named, Mapping) or not all(isinstance(one, kind) for one in named.values()):
        raise ParameterError(
            f"result is a {type(result).__name__}, and has to be what {made_by} returns, or a "
            "mapping of names to that.",
            result=type(result).__name__,
        )
    refuse_too_many(len(named))
    return {str(name): one for name, one in named.items()}


def refuse_too_many(curves: int) -> None:
    """Refuse more curves than there are colours.

    Parameters
    ----------
    curves : int

    Raises
    ------
    ParameterError
    """
    if curves > len(PALETTE):
        raise ParameterError(
            f"result holds {curves} curves; no more than {len(PALETTE)} can be told apart.",
            curves=curves,
        )


def draw_named(axes: Axes, at: int, x: Any, y: Any) -> Line2D:
    """Draw the curve of a result in its own colour and dashes.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    at : int
        Its place among the results. The first lies on top: its dashes then let the others through.
    x, y : sequence of float

    Returns
    -------
    matplotlib.lines.Line2D
    """
    [line] = axes.plot(
        x, y, color=PALETTE[at], linestyle=DASHES[at % len(DASHES)], zorder=3.0 - 0.1 * at
    )
    return line


def legend_below(axes: Axes, words: Mapping[Line2D, str]) -> None:
    """Say below the plot what each line is.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    words : mapping of Line2D to str
    """
    drawn = axes.legend(
        list(words),
        [*map(str, range(len(words)))],
        loc="upper left",
        bbox_to_anchor=(0, -0.15),
        handlelength=2.6,
    )
    # Set last: matplotlib hides a label that begins with an underscore.
    for text, told in zip(drawn.get_texts(), words.values(), strict=True):
        text.set_text(told)

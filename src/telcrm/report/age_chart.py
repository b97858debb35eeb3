"""The plot of what is owed by age."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from telcrm.plots.style import INK, MUTED, tidy
from telcrm.report.drawing import Plot, scale
from telcrm.report.formats import Kind, short, show

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["by_age"]

_NOT_DUE: Final = "#6cb4d6"
# Darker with age, so that the order is seen without the hues.
_LATE: Final = ("#e8b55c", "#d98636", "#bd5320", "#8a3110")
_CONTESTED: Final = "#9fb4bf"


def by_age(
    ages: Sequence[str], amounts: Sequence[float], *, disputed: float | None = None, label: str
) -> Plot:
    """One column per age of debt, with its amount and its share of all.

    Parameters
    ----------
    ages : sequence of str
        What is not yet due first.
    amounts : sequence of float
    disputed : float, optional
        A last column for what is contested, whatever its age.
    label : str
        The plot in words.

    Returns
    -------
    Plot
    """
    names = [*ages, *(["disputed"] if disputed is not None else [])]
    heights = [*amounts, *([disputed] if disputed is not None else [])]
    late = len(ages) - 1
    colours = [_NOT_DUE, *(_LATE[min(at * len(_LATE) // late, 3)] for at in range(late))]
    colours += [_CONTESTED] * (len(names) - len(ages))
    whole = sum(heights)

    def draw(figure: Figure) -> None:
        axes = tidy(figure.add_subplot())
        at = range(len(names))
        axes.bar(at, heights, width=0.74, color=colours)
        for x, height in zip(at, heights, strict=True):
            said = [(short(height, Kind.MONEY), INK, "bold", 12)]
            if whole:
                said.append((show(height / whole, Kind.SHARE), MUTED, "normal", 2))
            for text, colour, weight, above in said:
                axes.annotate(
                    text,
                    (x, height),
                    xytext=(0, above),
                    textcoords="offset points",
                    ha="center",
                    va="bottom",
                    color=colour,
                    weight=weight,
                )
        axes.set_xticks(at, names)
        axes.tick_params(axis="x", length=0, labelcolor=INK)
        axes.set_xlabel("days past due")
        _, top = scale(axes.yaxis, 0.0, max(heights, default=0.0), Kind.MONEY)
        # Room for two lines above the highest column.
        axes.set_ylim(0, max(top, 1.2 * max(heights, default=0.0)))

    return Plot(draw, label, height_in=2.9)

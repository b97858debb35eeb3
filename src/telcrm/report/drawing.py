"""A plot as inline SVG: one look for all, text as text, the same bytes every time."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from telcrm.plots.style import MUTED, styled
from telcrm.plots.words import clipped
from telcrm.report.formats import Kind, short, show

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

__all__ = [
    "WIDE_IN",
    "Plot",
    "drawn",
    "legend",
    "scale",
    "untitled",
]

WIDE_IN = 12.4
"""Width of a plot that takes the whole page, for text of the same size as in the others."""

_IDS = re.compile(r'(\bid="|href="#|url\(#)')
_NO_METADATA = ("Date", "Creator", "Format", "Type")
_METADATA = re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL)
_HEAD = re.compile(r'<svg[^>]*?viewBox="([^"]*)"[^>]*>')


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing, not yet drawn.

    Attributes
    ----------
    draw : callable
        Puts the drawing on an empty matplotlib figure.
    label : str
        What a reader who cannot see it is told.
    width_in, height_in : float
        Inches at 72 points each; the page scales it to its column.
    """

    draw: Callable[[Figure], None]
    label: str
    width_in: float = 5.8
    height_in: float = 2.6

    def svg(self, *, prefix: str) -> str:
        """Draw it.

        Parameters
        ----------
        prefix : str
            Makes the ids in the drawing unique on the page.

        Returns
        -------
        str
            An ``<svg>`` element.
        """
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure

        # A browser draws the text with its own fonts; matplotlib's are only there to measure it.
        with styled(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            figure = Figure(figsize=(self.width_in, self.height_in), layout="constrained")
            self.draw(figure)
            out = io.StringIO()
            for patch in (figure.patch, *(axes.patch for axes in figure.axes)):
                patch.set(facecolor="none", edgecolor="none")
            # What savefig does besides, for any format, is to draw everything twice.
            canvas: Any = FigureCanvasSVG(figure)
            canvas.print_svg(out, metadata=dict.fromkeys(_NO_METADATA))
        return _inline(out.getvalue(), prefix=prefix, label=self.label)


def _inline(document: str, *, prefix: str, label: str) -> str:
    """Strip what only a file of its own needs, and make the ids unique on the page."""
    head = _HEAD.search(document)
    if head is None:  # matplotlib always writes one
        raise ValueError(document[:200])
    body = _IDS.sub(rf"\g<1>{prefix}-", _METADATA.sub("", document[head.end() :]))
    start = f'<svg class="plot" role="img" aria-label="{escape(label)}" viewBox="{head[1]}">'
    return start + body


def legend(figure: Figure, names: Sequence[str]) -> None:
    """Put a legend above the plot.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    names : sequence of str
        Of the bars or lines in the order in which they were drawn, each drawn with a label.
    """
    drawn = figure.legend(loc="outside upper left", ncols=min(len(names), 5), labelcolor=MUTED)
    # Set last: matplotlib hides a label that begins with an underscore.
    for text, name in zip(drawn.get_texts(), names, strict=True):
        text.set_text(clipped(name))


def untitled(axes: Axes) -> None:
    """Take the title off a plot of :mod:`telcrm.plots`: the exhibit has one.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    """
    axes.set_title("", loc="left")


def drawn(draw: Callable[[Axes], object], label: str, *, height_in: float = 2.9) -> Plot:
    """Make a plot of one of :mod:`telcrm.plots`, without its title.

    Parameters
    ----------
    draw : callable
        Draws on axes.
    label : str
        What a reader who cannot see it is told.
    height_in : float

    Returns
    -------
    Plot
    """

    def on(figure: Figure) -> None:
        axes = figure.add_subplot()
        draw(axes)
        untitled(axes)

    return Plot(on, label, height_in=height_in)


def scale(axis: Axis, low: float, high: float, kind: Kind) -> tuple[float, float]:
    """Put round numbers on an axis, with no more decimals than they need.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
    low, high : float
        Least and greatest value that is drawn; the axis always holds zero.
    kind : Kind

    Returns
    -------
    pair of float
        Bounds of the axis, each on a tick, so that nothing is drawn outside.
    """
    from matplotlib.ticker import MaxNLocator

    low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        high = 1.0
    # Percentages are round where the share times 100 is.
    factor = 100.0 if kind in (Kind.SHARE, Kind.POINTS) else 1.0
    locator = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10], integer=kind is Kind.COUNT)
    ticks = [float(tick) for tick in locator.tick_values(low * factor, high * factor)]
    whole = all(tick == round(tick) for tick in ticks)
    mark = "%" if kind is Kind.SHARE else ""
    if kind in (Kind.SHARE, Kind.POINTS):
        labels = [show(tick, Kind.COUNT if whole else Kind.NUMBER) + mark for tick in ticks]
    elif whole or kind is Kind.COUNT:
        labels = [short(tick, Kind.MONEY) for tick in ticks]
    else:
        labels = [show(tick, Kind.NUMBER) for tick in ticks]
    axis.set_ticks([tick / factor for tick in ticks], labels)
    return ticks[0] / factor, ticks[-1] / factor

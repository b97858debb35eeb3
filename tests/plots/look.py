"""What can be read on a plot, and whether any of it overlaps."""

from __future__ import annotations

import warnings
from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def points(axes: Axes, line: int) -> list[tuple[float, float]]:
    """Where a line goes, in the order in which lines were drawn."""
    return [(float(x), float(y)) for x, y in np.asarray(axes.get_lines()[line].get_xydata())]


def figure_of(axes: Axes) -> Figure:
    figure = axes.figure
    assert isinstance(figure, Figure)
    return figure


def overlaps(axes: Axes) -> list[tuple[str, str]]:
    """Pairs of texts that touch, once the figure is drawn; and drawing warns of nothing."""
    figure = figure_of(axes)
    canvas = FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        canvas.draw()  # type: ignore[no-untyped-call]
    ticks = [*axes.get_xticklabels(), *axes.get_yticklabels()] if axes.axison else []
    # Boxes of turned texts overlap where the texts do not.
    written = [t for t in [*axes.texts, *ticks] if t.get_text().strip() and not t.get_rotation()]
    seen = [(t.get_text(), t.get_window_extent()) for t in written]
    return [
        (one, other)
        for (one, here), (other, there) in combinations(seen, 2)
        if here.shrunk(0.9, 0.8).overlaps(there.shrunk(0.9, 0.8))
    ]

"""The look of every plot: colours, type, grid. The report draws with it, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

__all__ = [
    "ACCENT",
    "EDGE",
    "FAINT",
    "INK",
    "LINE_PT",
    "MUTED",
    "PALETTE",
    "PRIMARY",
    "SHADES",
    "TEXT_PT",
    "ink_on",
    "shades",
    "styled",
    "tidy",
]

INK: Final = "#1f2d35"
MUTED: Final = "#5f6f79"
FAINT: Final = "#e3e8eb"
EDGE: Final = "#aab6bd"
PRIMARY: Final = "#0b5f85"
ACCENT: Final = "#c2571a"

# Told apart by lightness as well as by hue, so that neither a colour-blind reader nor a
# black-and-white printer loses a line.
PALETTE: Final = (PRIMARY, ACCENT, "#6cb4d6", "#e0a63f", "#4c5b63", "#8a6bb1", "#9fb4bf")

SHADES: Final = ("#f1f6f9", "#6cb4d6", PRIMARY)
"""From little to much."""

TEXT_PT: Final = 8.5
LINE_PT: Final = 0.8

_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",  # the page's own font, searchable, and a tenth of the bytes
    "svg.hashsalt": "telcrm",
    "text.parse_math": False,  # a dollar sign in the data is a dollar sign
    "font.family": "DejaVu Sans",
    "font.size": TEXT_PT,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": EDGE,
    "axes.linewidth": LINE_PT,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "xtick.color": EDGE,
    "ytick.color": EDGE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "grid.color": FAINT,
    "grid.linewidth": LINE_PT,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "patch.linewidth": 0,
    "legend.frameon": False,
    "legend.fontsize": TEXT_PT,
    "legend.handlelength": 1.1,
    "legend.handleheight": 0.9,
    "legend.columnspacing": 1.4,
    "legend.borderaxespad": 0,
}


# The shade on which white and INK are equally easy to read.
_DEEP: Final = 0.74


@contextmanager
def styled() -> Iterator[None]:
    """Draw in this look until the block ends; what was set before is then set again."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # a matplotlibrc of the reader's must not change the look
        matplotlib.rcParams.update(_STYLE)
        yield


def shades() -> Colormap:
    """Make the scale of colours from little to much.

    Returns
    -------
    matplotlib.colors.Colormap
    """
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("telcrm", SHADES)


def ink_on(depth: float) -> str:
    """Return the colour of text that can be read on a shade.

    Parameters
    ----------
    depth : float in [0, 1]
        Where the shade stands on the scale of :func:`shades`.

    Returns
    -------
    str

    Examples
    --------
    >>> ink_on(1.0)
    'white'
    """
    return "white" if depth > _DEEP else INK


def tidy(axes: Axes, *, grid: str = "y") -> Axes:
    """Take off what carries no information, and lay a light grid behind.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    grid : {"x", "y", ""}
        Direction in which values are read.

    Returns
    -------
    matplotlib.axes.Axes
        The same.
    """
    along, across = ("left", "bottom") if grid == "y" else ("bottom", "left")
    for side in ("top", "right", along):
        axes.spines[side].set_visible(False)
    axes.spines[across].set_visible(True)
    if grid:
        axes.grid(visible=True, axis="y" if grid == "y" else "x")
    if grid == "x":
        axes.tick_params(length=0)
    return axes

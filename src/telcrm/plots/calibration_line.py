"""The line between what a model learned from and what it had not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telcrm.plots.style import EDGE, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["calibration_line"]


def calibration_line(axes: Axes, at: float) -> None:
    """Draw it, and say what lies on either side.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    at : float
        Where the calibration ends.
    """
    axes.axvline(at, color=EDGE, linewidth=1.0, linestyle=(0, (4, 3)))
    for words, side in (("calibration ", "right"), (" holdout", "left")):
        axes.text(
            at,
            0.03,
            words,
            ha=side,
            color=MUTED,
            fontsize=7.5,
            transform=axes.get_xaxis_transform(),
        )

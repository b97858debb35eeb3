"""How well scores put leavers before those who stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike

from telcrm.plots.canvas import canvas, say_nothing, title
from telcrm.plots.named_results import LEGEND_IN, draw_named, legend_below, refuse_too_many
from telcrm.plots.style import INK, MUTED, tidy
from telcrm.plots.words import clipped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from telcrm.churn import GainsCurve, Interval

__all__ = ["roc_curves"]

_NAME_LETTERS: Final = 22


def roc_curves(
    y_true: ArrayLike,
    y_score: ArrayLike | Mapping[str, ArrayLike],
    *,
    confidence: float = 0.95,
    ax: Axes | None = None,
) -> Axes:
    """Draw the ROC curves of scores, with the area under each and its interval.

    Parameters
    ----------
    y_true : array-like of shape (n_customers,), 0 or 1
    y_score : array-like of shape (n_customers,), or mapping of str to such
        Any monotone score; those of several models by name, seven at most.
    confidence : float in (0, 1)
        Of DeLong's intervals.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed: extra ``plot``.
    SingleClassError, ScoreError
        As :func:`telcrm.churn.roc_auc_interval` does.
    ParameterError
        There are more models than colours, ``confidence`` is no share, or ``ax`` is none.

    Notes
    -----
    The area is the chance that a leaver scores above one who stays; on the dashed diagonal it is a
    half. Intervals that overlap do not say that two models of the same customers are alike:
    :func:`telcrm.churn.compare_models` does.

    Examples
    --------
    >>> y = [0, 1, 0, 1, 0, 1, 0, 1]
    >>> ax = roc_curves(y, [0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9])
    >>> [text.get_text() for text in ax.texts]
    ['AUC 0.625 (95%: 0.178 to 1.000)']
    """
    from telcrm.churn import gains, roc_auc_interval

    named = y_score if isinstance(y_score, Mapping) else {"": y_score}
    refuse_too_many(len(named))
    found = {
        str(name): (
            gains(y_true, scores),
            roc_auc_interval(y_true, scores, confidence=confidence),
        )
        for name, scores in named.items()
    }
    with canvas(ax, width_in=4.8, height_in=4.1 + LEGEND_IN * max(len(found) - 1, 0)) as axes:
        if not found:
            return say_nothing(axes, "no scores")
        _draw(axes, found)
        title(axes, "ROC curve" + ("s" if len(found) > 1 else ""))
        return axes


def _draw(axes: Axes, found: Mapping[str, tuple[GainsCurve, Interval]]) -> None:
    from matplotlib.ticker import PercentFormatter

    tidy(axes)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
    words = {}
    for at, (name, (curve, area)) in enumerate(found.items()):
        contacted, caught = np.array(curve.points).T
        disturbed = (contacted - curve.base_rate * caught) / (1.0 - curve.base_rate)
        line = draw_named(axes, at, disturbed, caught)
        told = _words(area)
        if len(found) == 1:
            axes.fill_between(disturbed, caught, color=line.get_color(), alpha=0.08, linewidth=0)
            axes.text(0.97, 0.04, told, ha="right", color=INK, transform=axes.transAxes)
        words[line] = f"{clipped(name, _NAME_LETTERS)}: {told}"
    if len(words) > 1:
        legend_below(axes, words)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.005)
    axes.set_aspect("equal")
    axes.set_xlabel("share of those who stay that is contacted")
    axes.set_ylabel("share of leavers that is found")
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.yaxis.set_major_formatter(PercentFormatter(1))


def _words(area: Interval) -> str:
    return (
        f"AUC {area.estimate:.3f} ({100 * area.confidence:g}%: {area.lower:.3f} to "
        f"{area.upper:.3f})"
    )

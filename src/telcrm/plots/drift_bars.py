"""How far the features of a model have moved since it learnt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from telcrm.domain.arguments import whole_between
from telcrm.errors import ParameterError
from telcrm.plots.canvas import canvas, say_nothing, title
from telcrm.plots.labels import ASIDE_PT
from telcrm.plots.style import ACCENT, INK, MUTED, PALETTE, tidy
from telcrm.plots.words import clipped, grouped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from telcrm.churn import FeatureStability, StabilityReport

__all__ = ["drift_bars"]

_CUSTOM: Final = {"moderate": 0.10, "major": 0.25}
_MOST: Final = 60


def drift_bars(result: StabilityReport, *, most: int = 15, ax: Axes | None = None) -> Axes:
    """Draw a bar for the population stability index of each feature, those that moved in orange.

    Parameters
    ----------
    result : StabilityReport
        What :func:`telcrm.churn.population_stability` returned.
    most : int from 1 to 60
        Features shown, the greatest index first.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed: extra ``plot``.
    ParameterError
        ``result`` or ``ax`` is none, or ``most`` is out of range.

    Notes
    -----
    A feature has moved if its index passes 0.10, which is custom, and the tick on its row, which is
    what chance alone would reach with the rows there are: see
    :func:`telcrm.churn.population_stability`.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.churn import ReferenceProfile, population_stability
    >>> before = pl.DataFrame({"calls": [*range(1000)], "bill": [*range(1000)]})
    >>> now = before.with_columns(pl.col("calls") * 2)
    >>> profile = ReferenceProfile.of(before, features=["calls", "bill"])
    >>> ax = drift_bars(population_stability(profile, now))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['calls', 'bill']
    """
    from telcrm.churn import StabilityReport

    if not isinstance(result, StabilityReport):
        raise ParameterError(
            f"result is a {type(result).__name__}, and has to be what "
            "telcrm.churn.population_stability returns.",
            result=type(result).__name__,
        )
    shown = result.features[: whole_between("most", most, 1, _MOST)]
    with canvas(ax, width_in=5.8, height_in=1.2 + 0.27 * max(len(shown), 2)) as axes:
        if not shown:
            return say_nothing(axes, "no features")
        _draw(axes, shown)
        rows = f"{grouped(result.rows)} rows against {grouped(result.rows_before)}"
        title(axes, f"Drift of features, {rows}", above_pt=20.0)
        return axes


def _draw(axes: Axes, shown: Sequence[FeatureStability]) -> None:
    tidy(axes, grid="")
    places = range(len(shown))
    greatest = max(each.index for each in shown)
    colours = [ACCENT if each.has_moved else PALETTE[2] for each in shown]
    axes.barh(places, [each.index for each in shown], height=0.66, color=colours)
    longest = max(1.15 * _CUSTOM["major"], 1.02 * greatest)
    for place, each in zip(places, shown, strict=True):
        axes.plot([each.threshold] * 2, [place - 0.4, place + 0.4], color=INK, linewidth=1.2)
        axes.annotate(
            f"{each.index:.3f}",
            (1.0, place),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            color=INK,
        )
    for (words, at), side in zip(_CUSTOM.items(), ("right", "left"), strict=True):
        axes.axvline(at, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
        axes.annotate(
            f"{words} {at:.2f}",
            (at, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha=side,
            color=MUTED,
            fontsize=ASIDE_PT,
        )
    axes.set_yticks(places, [clipped(each.feature.replace("_", " "), 32) for each in shown])
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlim(0, longest)
    axes.set_xlabel("population stability index; the tick is what chance alone reaches")

"""Who will still be there in the months to come, and why the others will have left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from telcrm.domain.arguments import whole_between
from telcrm.errors import ParameterError
from telcrm.plots.canvas import canvas, say_nothing, title
from telcrm.plots.columns import read_columns
from telcrm.plots.labels import label_ends
from telcrm.plots.named_results import draw_named, refuse_too_many
from telcrm.plots.style import PALETTE, tidy
from telcrm.plots.words import clipped, grouped, percent
from telcrm.tables.door import ColumnKind

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from telcrm.churn import HazardModel

__all__ = ["survival_curves"]

Floats = NDArray[np.float64]

_MOST_PERIODS: Final = 1200
_STAYED: Final = "#dfeaf1"


def survival_curves(
    model: HazardModel,
    frame: Any,
    *,
    periods: int = 12,
    segment: str | None = None,
    unit: str = "month",
    ax: Axes | None = None,
) -> Axes:
    """Draw who is expected to be there after each period, and to have left for which cause.

    Parameters
    ----------
    model : HazardModel
        Fitted.
    frame : dataframe
        In memory, with the columns of the model: the lines as they stand now. Of one row, it is the
        plot of a customer; of several, that of their mean.
    periods : int from 1 to 1,200
    segment : str, optional
        Column: a curve for each of its values, seven at most, instead of the causes.
    unit : str
        What a period of the model is.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed: extra ``plot``.
    NotFittedError, SchemaDriftError
        As ``model`` does.
    MissingColumnsError, ColumnTypeError
        ``segment`` is not there, or no column of keys.
    ParameterError
        ``model`` is none, ``periods`` is out of range, or there are more segments than colours.

    Notes
    -----
    Causes compete: who has moved away cannot be cut off for debt any more. Their shares are stacked
    above those who are there, and all add up to 100 %.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.churn import HazardModel
    >>> months = pl.DataFrame({"tenure": [0, 1, 2, 3] * 50, "plan": ["solo", "duo"] * 100})
    >>> left = ["moved"] * 12 + [""] * 150 + ["debt"] * 8 + [""] * 30
    >>> model = HazardModel(advancing={"tenure": 1}, knots=0).fit(months, left)
    >>> ax = survival_curves(model, months, periods=6)
    >>> [text.get_text() for text in ax.texts]
    ['still there 53%', 'debt 19%', 'moved 28%']
    """
    from telcrm.churn import HazardModel

    if not isinstance(model, HazardModel):
        raise ParameterError(
            f"model is a {type(model).__name__}, and has to be a telcrm.churn.HazardModel: no "
            "other says when customers leave.",
            model=type(model).__name__,
        )
    ahead = whole_between("periods", periods, 1, _MOST_PERIODS)
    gone = model.cumulative_incidence(frame, periods=ahead)
    lines = next(iter(gone.values())).shape[0]
    groups = None if segment is None else _groups(frame, segment)
    with canvas(ax, width_in=6.2, height_in=3.7) as axes:
        if not lines:
            return say_nothing(axes, "no lines")
        who = "a line" if lines == 1 else f"{grouped(lines)} lines"
        if groups is None:
            _stack(axes, {str(cause): one.mean(axis=0) for cause, one in gone.items()})
            title(axes, f"What is expected of {who}, by {unit}")
        else:
            there = 1.0 - np.sum(list(gone.values()), axis=0)
            _compare(axes, {name: there[rows].mean(axis=0) for name, rows in groups.items()})
            title(axes, f"Share of {who} still there, by {unit}")
        _finish(axes, ahead, unit)
        return axes


def _groups(frame: Any, segment: str) -> dict[str, NDArray[np.intp]]:
    named = {"segment": (segment, ColumnKind.KEY)}
    segments = read_columns(frame, named, table="lines")["segment"]
    told = np.array(["unknown" if each is None else str(each) for each in segments])
    names = sorted(set(told.tolist()))
    refuse_too_many(len(names))
    return {name: np.flatnonzero(told == name) for name in names}


def _from_now(later: Floats, now: float) -> Floats:
    return np.concatenate([[now], later])


def _stack(axes: Axes, gone: dict[str, Floats]) -> None:
    tidy(axes)
    there = _from_now(1.0 - np.sum(list(gone.values()), axis=0), 1.0)
    at = np.arange(there.size)
    axes.fill_between(at, there, color=_STAYED, linewidth=0)
    axes.plot(at, there, color=PALETTE[0])
    ends = {f"still there {percent(there[-1])}": there[-1] / 2}
    below = there
    # The palette's other colours: the first is that of who is there.
    for number, (cause, share) in enumerate(gone.items()):
        above = below + _from_now(share, 0.0)
        colour = PALETTE[1 + number % (len(PALETTE) - 1)]
        axes.fill_between(at, below, above, color=colour, linewidth=0.6, edgecolor="white")
        words = f"{clipped(cause.replace('_', ' '), 18)} {percent(float(share[-1]))}"
        ends[words] = float(below[-1] + above[-1]) / 2
        below = above
    axes.set_ylim(0, 1.0)
    label_ends(axes, ends)


def _compare(axes: Axes, there: dict[str, Floats]) -> None:
    tidy(axes)
    ends = {}
    for number, (name, share) in enumerate(there.items()):
        curve = _from_now(share, 1.0)
        draw_named(axes, number, np.arange(curve.size), curve)
        ends[f"{clipped(name, 18)} {percent(float(curve[-1]))}"] = float(curve[-1])
    low = min(ends.values())
    axes.set_ylim(max(0.0, low - 0.15 * (1.0 - low)), 1.0)
    label_ends(axes, ends)


def _finish(axes: Axes, periods: int, unit: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_xlim(0, periods)
    axes.xaxis.set_major_locator(MaxNLocator(12, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{100 * tick:.3g}%"))
    axes.set_xlabel(f"{unit}s from now")
    axes.set_ylabel("share of lines")

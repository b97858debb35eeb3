"""Why a customer is likelier to leave than others, reason by reason."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any, Final

from scipy.special import expit, logit

from telcrm.errors import InvalidTableError
from telcrm.plots.canvas import canvas, say_nothing, title
from telcrm.plots.columns import read_columns, refuse_repeats
from telcrm.plots.contribution_bars import two_lines
from telcrm.plots.labels import ASIDE_PT
from telcrm.plots.style import ACCENT, EDGE, INK, MUTED, PALETTE, tidy
from telcrm.plots.words import MINUS, clipped
from telcrm.tables.door import ColumnKind

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["reasons_waterfall"]

_TABLE: Final = "reasons"
_RAISES, _LOWERS = ACCENT, PALETTE[2]
_TICKS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.99)
_LEAST_WIDTH: Final = log(2.0)


@dataclass(frozen=True, slots=True)
class _Reason:
    rank: float
    feature: str
    value: str
    contribution: float


def reasons_waterfall(frame: Any, *, ax: Axes | None = None) -> Axes:
    """Draw how the reasons of one customer add up to its chance to leave.

    Parameters
    ----------
    frame : dataframe
        What :func:`telcrm.churn.churn_reasons` returned, filtered to one customer.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed: extra ``plot``.
    MissingColumnsError, ColumnTypeError
        The frame is none of reasons.
    InvalidTableError
        It holds reasons of several customers.
    ParameterError
        ``ax`` is none.

    Notes
    -----
    Steps are as long as their contributions to the log odds, so that they add up; the axis tells
    the chances. The first bar is the average customer and what is not in the frame: ask for all
    reasons, with ``only_raising=False`` and a ``top`` as great as the number of columns, for the
    average customer alone.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.churn import SplineLogisticModel, churn_reasons
    >>> base = pl.DataFrame({"tenure": [1, 2, 3, 5, 8, 13, 21, 34] * 30, "fee": [9.0, 19.0] * 120})
    >>> model = SplineLogisticModel().fit(base, [1, 1, 0, 1, 0, 0, 0, 0] * 30)
    >>> ax = reasons_waterfall(churn_reasons(model, base.head(1), top=2, only_raising=False))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['average and all else', 'tenure: 1', 'fee: 9', 'this customer']
    """
    kinds = {
        "churn_probability": ColumnKind.NUMBER,
        "rank": ColumnKind.NUMBER,
        "feature": ColumnKind.KEY,
        "value": ColumnKind.KEY,
        "contribution": ColumnKind.NUMBER,
    }
    read = read_columns(frame, {name: (name, kind) for name, kind in kinds.items()}, table=_TABLE)
    refuse_repeats([(rank,) for rank in read["rank"]], table=_TABLE, names="rank")
    chances = set(read["churn_probability"])
    if len(chances) > 1 or None in chances or None in read["contribution"]:
        raise InvalidTableError(
            f"{_TABLE}: there are {len(chances)} values of 'churn_probability', or a null. Filter "
            "the reasons to one customer.",
            table=_TABLE,
            column="churn_probability",
        )
    columns = (read[name] for name in ("rank", "feature", "value", "contribution"))
    reasons = sorted(
        (_Reason(*each) for each in zip(*columns, strict=True)), key=lambda each: each.rank
    )
    with canvas(ax, width_in=6.2, height_in=1.2 + 0.36 * (len(reasons) + 2)) as axes:
        if not reasons:
            return say_nothing(axes, "no reasons")
        _draw(axes, reasons, float(logit(chances.pop())))
        title(axes, "What makes this customer likely to leave")
        return axes


def _draw(axes: Axes, reasons: list[_Reason], end: float) -> None:
    from telcrm.churn.reasons.words import column_words

    tidy(axes, grid="x")
    axes.spines["left"].set_visible(False)
    at = end - sum(each.contribution for each in reasons)
    ends = [at]
    for place, each in enumerate(reasons, start=1):
        colour = _RAISES if each.contribution > 0 else _LOWERS
        axes.barh(place, each.contribution, left=at, height=0.6, color=colour)
        axes.plot([at, at], [place - 1.3, place + 0.3], color=MUTED, linewidth=0.8)
        at += each.contribution
        ends.append(at)
        sign = "+" if each.contribution > 0 else MINUS
        axes.annotate(
            f"{sign}{abs(each.contribution):.2f}",
            (max(at, ends[-2]), place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            color=INK,
            fontsize=ASIDE_PT,
        )
    last = len(reasons) + 1
    axes.plot([end, end], [last - 1.3, last + 0.3], color=MUTED, linewidth=0.8)
    for place, height in ((0, ends[0]), (last, end)):
        axes.plot(height, place, "D", color=INK, markersize=5)
        axes.annotate(
            f"{100 * float(expit(height)):.3g}%",
            (height, place),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            color=INK,
        )
    room = max(max(ends) - min(ends), _LEAST_WIDTH)
    low, high = min(ends) - 0.08 * room, max(ends) + 0.2 * room
    axes.set_xlim(low, high)
    ticks = [chance for chance in _TICKS if low <= float(logit(chance)) <= high]
    axes.set_xticks([float(logit(tick)) for tick in ticks], [f"{100 * t:.3g}%" for t in ticks])
    names = [
        two_lines(f"{column_words(each.feature)}: {clipped(each.value, 18)}") for each in reasons
    ]
    axes.set_yticks(range(last + 1), ["average and all else", *names, "this customer"])
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_ylim(last + 0.5, -0.5)
    axes.set_xlabel("chance to leave; steps in log odds")
    axes.spines["bottom"].set_edgecolor(EDGE)

"""What a model goes by, over all customers."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Final

from telcrm.domain.arguments import whole_between
from telcrm.errors import ParameterError
from telcrm.plots.canvas import canvas, say_nothing, title
from telcrm.plots.labels import ASIDE_PT
from telcrm.plots.style import INK, MUTED, PRIMARY, tidy
from telcrm.plots.words import clipped, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from telcrm.churn import ChurnDriver, ChurnDrivers

__all__ = ["contribution_bars", "two_lines"]

_MOST: Final = 40
_LINE_LETTERS: Final = 32
_WORDS: Final = {
    "contribution": "contributions to the log odds",
    "log_loss": "loss of log loss when shuffled",
    "roc_auc": "loss of AUC when shuffled",
}


def contribution_bars(result: ChurnDrivers, *, most: int = 12, ax: Axes | None = None) -> Axes:
    """Draw a bar for the weight of each column in a model, and say where it is risky.

    Parameters
    ----------
    result : ChurnDrivers
        What :func:`telcrm.churn.churn_drivers` returned.
    most : int from 1 to 40
        Columns shown, the weightiest first.
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
    Bars are shares of the weights of all columns, those that are not shown included.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.churn import SplineLogisticModel, churn_drivers
    >>> base = pl.DataFrame({"tenure": [1, 2, 3, 5, 8, 13, 21, 34] * 30, "fee": [9.0, 19.0] * 120})
    >>> model = SplineLogisticModel().fit(base, [1, 1, 0, 1, 0, 0, 0, 0] * 30)
    >>> ax = contribution_bars(churn_drivers(model, base))
    >>> [text.get_text().partition(",")[2] for text in ax.texts]
    [' risky at 1', ' risky at 19']
    """
    from telcrm.churn import ChurnDrivers

    if not isinstance(result, ChurnDrivers):
        raise ParameterError(
            f"result is a {type(result).__name__}, and has to be what telcrm.churn.churn_drivers "
            "returns.",
            result=type(result).__name__,
        )
    shown = result.rows[: whole_between("most", most, 1, _MOST)]
    with canvas(ax, width_in=6.2, height_in=0.9 + 0.36 * max(len(shown), 2)) as axes:
        if not shown:
            return say_nothing(axes, "no columns")
        _draw(axes, shown)
        title(axes, f"What the model goes by: share of {_WORDS[result.metric]}")
        return axes


def two_lines(words: str) -> str:
    r"""Break words over two lines at most, and cut the rest.

    Parameters
    ----------
    words : str

    Returns
    -------
    str

    Examples
    --------
    >>> two_lines("revenue of the last month less the mean of the two before")
    'revenue of the last month less\nthe mean of the two before'
    """
    return fill(clipped(words, 2 * _LINE_LETTERS - 4), _LINE_LETTERS)


def _draw(axes: Axes, shown: tuple[ChurnDriver, ...]) -> None:
    tidy(axes, grid="")
    places = range(len(shown))
    longest = max(each.share for each in shown) or 1.0
    axes.barh(places, [each.share for each in shown], height=0.62, color=PRIMARY)
    for at, each in zip(places, shown, strict=True):
        risky = "" if each.riskiest is None else f", risky at {clipped(each.riskiest, 22)}"
        axes.annotate(
            f"{percent(each.share)}{risky}",
            (each.share, at),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            color=INK,
            fontsize=ASIDE_PT,
        )
    axes.set_yticks(places, [two_lines(each.words) for each in shown])
    axes.tick_params(axis="y", labelcolor=INK, labelsize=ASIDE_PT + 0.5)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlim(0, 1.55 * longest)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.spines["left"].set(visible=True, color=MUTED)

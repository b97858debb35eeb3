"""How many of a cohort stay: those who were counted, and those whom models expect."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from telcrm.domain.arguments import whole_between
from telcrm.domain.choice import choose
from telcrm.errors import InvalidTableError, ParameterError
from telcrm.plots.calibration_line import calibration_line
from telcrm.plots.canvas import canvas, say_nothing, title
from telcrm.plots.columns import read_columns, refuse_repeats
from telcrm.plots.named_results import draw_named
from telcrm.plots.style import INK, MUTED, PALETTE, tidy
from telcrm.plots.words import clipped
from telcrm.tables.door import ColumnKind
from telcrm.value import RetentionModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["RetentionMeasure", "retention_curves"]

_TABLE: Final = "survivors"
_HORIZON: Final = 24
_MOST_PERIODS: Final = 1200
# Letters and marks that stand beside each other in a legend.
_LINE_LETTERS: Final = 75


class RetentionMeasure(StrEnum):
    """What is shown of each period."""

    SURVIVAL = "survival"
    """Share of the cohort that is left after it."""
    RETENTION_RATE = "retention_rate"
    """Share that renews, of those who reach it."""


def retention_curves(
    models: RetentionModel | Mapping[str, RetentionModel],
    *,
    survivors: Any = None,
    measure: RetentionMeasure | str = RetentionMeasure.SURVIVAL,
    horizon: int | None = None,
    calibration_until: int | None = None,
    period: str = "period",
    count: str = "survivors",
    ax: Axes | None = None,
) -> Axes:
    """Draw what models of contracts expect of a cohort, and what was counted.

    Parameters
    ----------
    models : RetentionModel, or mapping of str to RetentionModel
        Fitted: :class:`telcrm.value.ShiftedBetaGeoModel`,
        :class:`telcrm.value.BetaDiscreteWeibullModel`; several by name, seven at most.
    survivors : dataframe, optional
        What :func:`telcrm.value.cohort_survivors` takes, of any engine and one cohort: one row per
        period from 0 on. By default no points are drawn.
    measure : {"survival", "retention_rate"}
    horizon : int from 1 to 1,200, optional
        Periods shown; by default those that were counted, or 24 without any.
    calibration_until : int of 1 or more, optional
        The last period that the models learned from: right of it they project.
    period, count : str
        Columns of ``survivors``.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed: extra ``plot``.
    NotFittedError
    MissingColumnsError, ColumnTypeError
        ``survivors`` lacks a column, or it holds no numbers.
    InvalidTableError
        A period comes twice, as it does with several cohorts, or is missing, or nobody is there in
        period 0.
    ParameterError
        Models are none, or more than colours; ``measure``, a number or ``ax`` is none.

    Notes
    -----
    A rate of retention that rises with age need not mean that anybody has become more loyal: those
    who were likely to leave have left (Fader & Hardie 2010, "Customer-Base Valuation in a
    Contractual Setting: The Perils of Ignoring Heterogeneity", Marketing Science 29(1), 85-93).

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.value import ShiftedBetaGeoModel, cohort_survivors
    >>> left = [1000, 869, 743, 653, 593, 551, 517, 491]
    >>> table = pl.DataFrame({"period": range(8), "survivors": left})
    >>> model = ShiftedBetaGeoModel(customers="customers").fit(cohort_survivors(table))
    >>> ax = retention_curves({"sBG": model}, survivors=table, horizon=12)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['counted', 'sBG']
    """
    named = _models(models)
    shown = choose(RetentionMeasure, measure, "measure")
    counted = _counted(survivors, period, count)
    most = max(len(counted) - 1, 1) if len(counted) > 1 else _HORIZON
    last = most if horizon is None else whole_between("horizon", horizon, 1, _MOST_PERIODS)
    if calibration_until is not None:
        whole_between("calibration_until", calibration_until, 1)
    with canvas(ax, width_in=6.2, height_in=3.6) as axes:
        if not named and not counted:
            return say_nothing(axes, "no models")
        lines = _draw(axes, named, counted, shown, last)
        if calibration_until is not None and calibration_until <= last:
            calibration_line(axes, calibration_until)
        units = {model.unit.value for model in named.values()}
        axes.set_xlabel(f"{units.pop() if len(units) == 1 else 'period'}s")
        above = 10.0 + 14.0 * _legend(axes, lines)
        what = "Customers left" if shown is RetentionMeasure.SURVIVAL else "Retention rate"
        title(axes, f"{what}, by age", above_pt=above)
        return axes


def _models(models: object) -> dict[str, RetentionModel]:
    named = {"model": models} if isinstance(models, RetentionModel) else models
    if not isinstance(named, Mapping) or not all(
        isinstance(model, RetentionModel) for model in named.values()
    ):
        raise ParameterError(
            f"models is a {type(models).__name__}, and has to be a model of retention, such as "
            "telcrm.value.ShiftedBetaGeoModel, or a mapping of names to models.",
            models=type(models).__name__,
        )
    if len(named) > len(PALETTE):
        raise ParameterError(
            f"models holds {len(named)} of them; no more than {len(PALETTE)} can be told apart.",
            models=len(named),
        )
    for model in named.values():
        model.require_fitted()
    return dict(named)


def _counted(survivors: Any, period: str, count: str) -> list[float]:
    """Return how many were left after period 0, 1, ..."""
    if survivors is None:
        return []
    columns = {"period": (period, ColumnKind.NUMBER), "count": (count, ColumnKind.NUMBER)}
    read = read_columns(survivors, columns, table=_TABLE)
    refuse_repeats([(at,) for at in read["period"]], table=_TABLE, names=repr(period))
    left = dict(zip(read["period"], read["count"], strict=True))
    if left and set(left) != set(map(float, range(len(left)))):
        raise InvalidTableError(
            f"{_TABLE}: {period!r} has to count 0, 1, 2, ... without a gap, and has {len(left)} "
            "values that do not.",
            table=_TABLE,
            column=period,
        )
    found = [left[float(at)] for at in range(len(left))]
    if any(one is None or not np.isfinite(one) or one < 0 for one in found):
        raise InvalidTableError(
            f"{_TABLE}: {count!r} holds a null, an infinity or a number below 0. Mend it.",
            table=_TABLE,
            column=count,
        )
    if found and (not found[0] or any(after > before for before, after in pairwise(found))):
        raise InvalidTableError(
            f"{_TABLE}: {count!r} begins at {found[0]:g} and has to begin above 0 and never rise. "
            "Mend it.",
            table=_TABLE,
            column=count,
        )
    return found


def _draw(
    axes: Axes,
    models: Mapping[str, RetentionModel],
    counted: list[float],
    measure: RetentionMeasure,
    last: int,
) -> dict[str, Any]:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    tidy(axes)
    survival = measure is RetentionMeasure.SURVIVAL
    first = 0 if survival else 1
    at = np.arange(first, last + 1)
    lines: dict[str, Any] = {}
    if counted:
        seen = np.array(counted[: last + 1])
        left, before = seen[1:], seen[:-1]
        rates = np.divide(left, before, out=np.full(left.size, np.nan), where=before > 0)
        shares = seen / seen[0] if survival else rates
        ages = np.arange(first, seen.size)
        [lines["counted"]] = axes.plot(ages, shares, "o", color=INK, markersize=4.2, zorder=4)
    for number, (name, model) in enumerate(models.items()):
        curve = model.survival(at) if survival else model.retention_rate(at)
        lines[f"model {name}"] = draw_named(axes, number, at, curve)
    axes.set_xlim(first - 0.02 * last, 1.02 * last)
    if survival:
        axes.set_ylim(0, 1.03)
    else:
        axes.set_ylim(top=min(axes.get_ylim()[1], 1.0 + 0.03))
    axes.xaxis.set_major_locator(MaxNLocator(12, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{100 * tick:.3g}%"))
    return lines


def _legend(axes: Axes, lines: Mapping[str, Any]) -> int:
    """Put a legend between plot and title, and return its number of lines."""
    names = [clipped(name.removeprefix("model ")) for name in lines]
    columns = len(names)
    if sum(map(len, names)) + 7 * columns > _LINE_LETTERS:
        columns = max(1, int(_LINE_LETTERS / (max(map(len, names)) + 7)))
    drawn = axes.legend(
        lines.values(),
        [*map(str, range(len(names)))],
        loc="lower left",
        bbox_to_anchor=(0, 1.02),
        ncols=columns,
        handlelength=2.6,
        labelcolor=MUTED,
    )
    # Set last: matplotlib hides a label that begins with an underscore.
    for text, name in zip(drawn.get_texts(), names, strict=True):
        text.set_text(name)
    return -(-len(names) // columns)

"""Whether customers bought, after the calibration, as often as a model expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw

from telcrm.domain.arguments import whole_between
from telcrm.errors import InvalidTableError
from telcrm.plots.canvas import canvas, say_nothing, title
from telcrm.plots.customer_cells import require_purchase_model
from telcrm.plots.style import ACCENT, MUTED, PRIMARY, tidy
from telcrm.plots.words import compact, grouped
from telcrm.tables.door import (
    ColumnKind,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.row_checks import RowCheck, amount_checks, check_rows
from telcrm.value import PurchaseModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["holdout_calibration"]

_TABLE: Final = "customers"
_EXPECTED: Final = "expected_purchases"
_MOST_GROUPS: Final = 30


def holdout_calibration(
    frame: Any,
    model: PurchaseModel,
    *,
    most: int = 7,
    holdout_frequency: str = "holdout_frequency",
    holdout_age: str = "holdout_age",
    ax: Axes | None = None,
) -> Axes:
    """Draw the mean purchases of the holdout by those of the calibration, actual and expected.

    Parameters
    ----------
    frame : dataframe
        What :func:`telcrm.value.summarize_transactions` returned with ``calibration_until``, of any
        engine: one row per customer, or per kind of customer with their number in the column
        ``customers`` of the model.
    model : PurchaseModel
        Fitted on the calibration.
    most : int from 1 to 30
        Customers who bought so often, or more often, are one group.
    holdout_frequency : str
        Column of purchases after the calibration.
    holdout_age : str
        Column of the length of the holdout, in ``time_unit`` of the model, the same for all.
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
        A column is not there, or holds no numbers.
    InvalidTableError
        A number is null, infinite or negative, or customers have holdouts of different length.
    ParameterError
        ``most`` is out of range, there is a column ``expected_purchases`` already, or ``ax`` is
        none.

    Notes
    -----
    Each customer's expectation is that of the model given frequency, recency and age. Under each
    group stands how many customers it has: where they are few, the actual mean is a matter of
    chance. Fader, Hardie & Lee (2005), "'Counting Your Customers' the Easy Way", Marketing Science
    24(2), 275-284, figure 4.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.value import BetaGeoModel
    >>> customers = pl.DataFrame(
    ...     {
    ...         "frequency": [0, 1, 1, 2, 5, 14],
    ...         "recency": [0.0, 5.0, 25.0, 20.0, 36.0, 38.0],
    ...         "age": [38.9] * 6,
    ...         "customers": [1400, 300, 130, 100, 40, 8],
    ...         "holdout_frequency": [0, 0, 1, 1, 4, 12],
    ...         "holdout_age": [39.0] * 6,
    ...     }
    ... )
    >>> model = BetaGeoModel(customers="customers").fit(customers)
    >>> ax = holdout_calibration(customers, model, most=5)
    >>> [float(y) for y in ax.get_lines()[0].get_ydata()]
    [0.0, 0.302..., 1.0, 5.333...]
    """
    require_purchase_model(model)
    whole_between("most", most, 1, _MOST_GROUPS)
    groups = _groups(frame, model, most, holdout_frequency, holdout_age)
    with canvas(ax, width_in=6.2, height_in=3.6) as axes:
        if not groups:
            return say_nothing(axes, "no customers")
        _draw(axes, groups, most)
        title(axes, "Mean purchases in the holdout, by purchases before", above_pt=26.0)
        return axes


@dataclass(frozen=True, slots=True)
class _Group:
    frequency: int
    customers: float
    actual: float
    expected: float


def _groups(
    frame: Any, model: PurchaseModel, most: int, holdout_frequency: str, holdout_age: str
) -> list[_Group]:
    opened = open_frame(frame, table=_TABLE)
    require_columns(opened, {"holdout_frequency": holdout_frequency, "holdout_age": holdout_age})
    weights = [name for name in opened.rows.collect_schema().names() if name == model.customers]
    columns = [holdout_frequency, holdout_age, *weights]
    opened = parse_objects(opened, columns)
    require_kinds(opened, dict.fromkeys(columns, ColumnKind.NUMBER))
    rules = [rule for name in columns for rule in (*amount_checks(opened, name), _negative(name))]
    lengths = {"length": nw.col(holdout_age).cast(nw.Float64)}
    found = check_rows(opened, rules, keys=columns, ranges=lengths)
    length = _one_length(holdout_age, *found["length"])
    scored = open_frame(model.expected_purchases(frame, horizon=length), table=_TABLE)
    often = nw.col(model.frequency).cast(nw.Float64)
    weight = nw.col(weights[0]).cast(nw.Float64) if weights else nw.lit(1.0)
    rows = scored.rows.select(
        _often=nw.when(often < most).then(often).otherwise(nw.lit(float(most))),
        _customers=weight,
        _actual=nw.col(holdout_frequency).cast(nw.Float64) * weight,
        _expected=nw.col(_EXPECTED) * weight,
    )
    summed = rows.group_by("_often").agg(nw.col("_customers", "_actual", "_expected").sum())
    table = summed.select("_often", "_customers", "_actual", "_expected").collect().rows()
    return [
        _Group(int(often), float(count), float(actual) / count, float(expected) / count)
        for often, count, actual, expected in sorted(table)
        if count > 0
    ]


def _one_length(holdout_age: str, least: float | None, greatest: float | None) -> float:
    if least != greatest:
        raise InvalidTableError(
            f"{_TABLE}: {holdout_age!r} runs from {least} to {greatest}, and has to be the same "
            "for all. Summarise the transactions with one calibration_until for all.",
            table=_TABLE,
            column=holdout_age,
        )
    return least or 0.0


def _negative(name: str) -> RowCheck:
    return RowCheck("negative", name, nw.col(name) < 0, "is negative", "Mend or drop those rows.")


def _draw(axes: Axes, groups: Sequence[_Group], most: int) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    tidy(axes)
    at = [group.frequency for group in groups]
    axes.plot(at, [g.actual for g in groups], color=PRIMARY, marker="o", markersize=4.5)
    axes.plot(
        at,
        [g.expected for g in groups],
        color=ACCENT,
        marker="s",
        markersize=3.8,
        linestyle=(0, (4, 2)),
    )
    axes.legend(
        axes.get_lines(),
        ["actual", "expected"],
        loc="lower left",
        bbox_to_anchor=(0, 1.02),
        ncols=2,
        handlelength=2.6,
        labelcolor=MUTED,
    )
    # Numbers of customers need room that many groups do not leave.
    told = len(groups) <= 12
    axes.set_xticks(
        at,
        [
            f"{g.frequency}{'+' if g.frequency == most else ''}"
            + (f"\nn={grouped(g.customers)}" if told else "")
            for g in groups
        ],
    )
    axes.set_xlim(min(at) - 0.5, max(at) + 0.5)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("purchases after the first, in the calibration")
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: compact(tick)))

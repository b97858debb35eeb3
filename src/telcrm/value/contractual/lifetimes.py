"""How long customers have been seen, as counts of equal lifetimes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.errors import UnidentifiedModelError
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.row_checks import RowCheck, amount_checks, check_rows, not_null
from telcrm.value.likelihood.distinct import distinct_rows

__all__ = [
    "MAX_AGE",
    "Lifetimes",
    "age_checks",
    "count_lifetimes",
    "flag_kind",
    "lost_checks",
    "lost_flag",
]

Floats = NDArray[np.float64]

MAX_AGE: Final = 100_000
"""Periods, at most, that a customer may be old."""


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Distinct lifetimes and the customers that have them.

    Attributes
    ----------
    columns : array of shape (3, m)
        Age, whether lost (1), age when observation began.
    customers : array of shape (m,)
    """

    columns: Floats
    customers: Floats

    @property
    def exposure(self) -> float:
        """Periods that customers were seen to begin."""
        age, _, entered = self.columns
        return float((age - entered) @ self.customers)

    @property
    def lost(self) -> float:
        """Customers who left."""
        return float(self.columns[1] @ self.customers)

    def require_periods(self, needed: int, model: str) -> None:
        """Refuse lifetimes that say too little to fit a model of ``needed`` parameters.

        Raises
        ------
        UnidentifiedModelError
            Nobody left, or customers were at risk of leaving in fewer different periods than that.
        """
        if not self.lost > 0:
            raise UnidentifiedModelError(
                f"{model} learns from customers who left, and none of "
                f"{self.customers.sum():,.0f} did. Observe for longer, or pass more customers.",
                model=model,
            )
        age, _, entered = self.columns
        periods, end = 0, 0.0
        for at in np.lexsort((age, entered)):
            periods += int(max(0.0, age[at] - max(entered[at], end)))
            end = max(end, age[at])
        if periods < needed:
            raise UnidentifiedModelError(
                f"{model} has {needed} parameters, and customers were seen at risk in "
                f"{periods} period{'' if periods == 1 else 's'} of their lives only. "
                "Observe for longer, or use a shorter period.",
                model=model,
                periods=periods,
            )


def count_lifetimes(
    frame: Any, *, age: str, lost: str, customers: str | None, entered: str | None
) -> Lifetimes:
    """Count equal lifetimes on the caller's engine.

    Parameters
    ----------
    frame : dataframe
    age, lost : str
    customers, entered : str, optional

    Returns
    -------
    Lifetimes

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError
    """
    opened = open_frame(frame, table="lifetimes")
    optional = {"customers": customers, "entered": entered}
    named = {keyword: name for keyword, name in optional.items() if name is not None}
    require_columns(opened, {"age": age, "lost": lost, **named})
    opened = parse_objects(opened, [age, lost, *named.values()])
    numbers = [age, *named.values()]
    require_kinds(opened, {**dict.fromkeys(numbers, ColumnKind.NUMBER), **flag_kind(opened, lost)})
    check_rows(opened, _checks(opened, age, lost, customers, entered), keys=[age, lost])
    gone = lost_flag(opened, lost)
    weight = nw.lit(1.0) if customers is None else nw.col(customers).cast(nw.Float64)
    began = nw.lit(0.0) if entered is None else nw.col(entered).cast(nw.Float64)
    keyed = opened.rows.select(
        _age=nw.col(age).cast(nw.Float64), _lost=gone, _entered=began, _customers=weight
    )
    counted = keyed.group_by("_age", "_lost", "_entered").agg(nw.col("_customers").sum()).collect()
    columns = [
        counted[name].to_numpy().astype(np.float64) for name in ("_age", "_lost", "_entered")
    ]
    weights = counted["_customers"].to_numpy().astype(np.float64)
    some = weights > 0
    rows, merged = distinct_rows(*(column[some] for column in columns), weights=weights[some])
    return Lifetimes(rows, merged)


def lost_flag(opened: OpenFrame, lost: str) -> nw.Expr:
    """Express whether a customer was lost, as 1.0 or 0.0."""
    flag = nw.col(lost)
    if isinstance(opened.rows.collect_schema()[lost], nw.Boolean):
        flag = flag.cast(nw.Int64)
    return flag.cast(nw.Float64)


def age_checks(opened: OpenFrame, age: str) -> list[RowCheck]:
    """Make the rules of a column of ages: whole periods."""
    value = nw.col(age)
    return [
        *amount_checks(opened, age),
        RowCheck("not_negative", age, value < 0, "is negative", "Mend or drop those rows."),
        RowCheck(
            "whole",
            age,
            value > value.floor(),
            "is no whole number of periods",
            "Round it down: only whole periods have passed a chance to leave.",
        ),
        RowCheck(
            "too_old",
            age,
            value > MAX_AGE,
            f"is above {MAX_AGE:,} periods",
            "Count in months or years.",
        ),
    ]


def lost_checks(opened: OpenFrame, lost: str) -> list[RowCheck]:
    """Make the rules of a flag of loss."""
    if isinstance(opened.rows.collect_schema()[lost], nw.Boolean):
        return [not_null(lost)]
    neither = (nw.col(lost) != 0) & (nw.col(lost) != 1)
    return [
        *amount_checks(opened, lost),
        RowCheck("flag", lost, neither, "is neither 0 nor 1", "Write 1 for lost, 0 for not."),
    ]


def flag_kind(opened: OpenFrame, lost: str) -> dict[str, ColumnKind]:
    """Return what a flag of loss has to hold if it is no boolean: numbers."""
    is_flag = isinstance(opened.rows.collect_schema()[lost], nw.Boolean)
    return {} if is_flag else {lost: ColumnKind.NUMBER}


def _checks(
    opened: OpenFrame, age: str, lost: str, customers: str | None, entered: str | None
) -> list[RowCheck]:
    rules = [*age_checks(opened, age), *lost_checks(opened, lost)]
    before = lost_flag(opened, lost)
    columns = age
    if entered is not None:
        rules += age_checks(opened, entered)
        before += nw.col(entered)
        columns = f"{age},{entered}"
    rules.append(
        RowCheck(
            "lived",
            columns,
            nw.col(age) < before,
            "says that a customer left or was seen before a first period began",
            "A customer lost in the first observed period is one period older at the end of it.",
        )
    )
    if customers is not None:
        negative = nw.col(customers) < 0
        rules += amount_checks(opened, customers)
        rules.append(RowCheck("not_negative", customers, negative, "is negative", "Mend it."))
    return rules

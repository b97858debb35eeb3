"""Transactions as purchases: what happened within one calendar period is one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.domain.choice import choose
from telcrm.domain.moments import month_number
from telcrm.errors import ParameterError
from telcrm.tables.calendar_index import day_index, month_index
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.row_checks import amount_checks, check_rows, not_null
from telcrm.value.time import TimeUnit

__all__ = ["Clock", "Granularity", "open_transactions", "purchases_of"]


class Granularity(StrEnum):
    """What counts as one purchase: all transactions of a day, of a week, of a month, of a year."""

    DAY = "day"
    WEEK = "week"
    """From Monday to Sunday."""
    MONTH = "month"
    """A calendar month, whatever its length."""
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Clock:
    """Counts calendar periods, and says how many of them a unit of time has.

    Attributes
    ----------
    granularity : Granularity
    per_unit : float
    """

    granularity: Granularity
    per_unit: float

    @classmethod
    def of(cls, unit: TimeUnit | str, granularity: Granularity | str) -> Clock:
        """Make a clock, or refuse a unit that has no whole number of periods."""
        chosen = choose(TimeUnit, unit, "unit")
        grain = choose(Granularity, granularity, "granularity")
        if grain is Granularity.DAY:
            return cls(grain, chosen.days)
        if grain.value != chosen.value:
            raise ParameterError(
                f"granularity {grain.value!r} counts whole calendar periods, which are no fixed "
                f"number of units {chosen.value!r}. Pass unit={grain.value!r}, or "
                'granularity="day".',
                unit=chosen,
                granularity=grain,
            )
        return cls(grain, 1.0)

    def place(self, day: date) -> int:
        """Return the number of the period of a day."""
        match self.granularity:
            case Granularity.DAY:
                return day.toordinal()
            case Granularity.WEEK:
                return (day.toordinal() - 1) // 7
            case Granularity.MONTH:
                return month_number(day)
            case Granularity.YEAR:
                return day.year

    def expression(self, at: str) -> nw.Expr:
        """Return the number of the period of each row."""
        match self.granularity:
            case Granularity.DAY:
                return day_index(at)
            case Granularity.WEEK:
                return (day_index(at) - 1) // 7
            case Granularity.MONTH:
                return month_index(at)
            case Granularity.YEAR:
                return nw.col(at).dt.year()


def open_transactions(frame: Any, *, customer: str, at: str, amount: str | None) -> OpenFrame:
    """Open a table of transactions, or refuse it.

    Parameters
    ----------
    frame : dataframe
    customer, at : str
    amount : str or None

    Returns
    -------
    OpenFrame

    Raises
    ------
    UnsupportedFrameError, MissingColumnsError, ColumnTypeError, InvalidTableError
    CurrencyMismatchError
        An amount is asked for, and there is more than one currency.
    """
    opened = open_frame(frame, table="transactions")
    named = {"customer": customer, "at": at} | ({} if amount is None else {"amount": amount})
    require_columns(opened, named)
    opened = parse_objects(opened, [customer, at, *([] if amount is None else [amount])])
    kinds = {customer: ColumnKind.KEY, at: ColumnKind.DATE}
    rules = [not_null(customer), not_null(at)]
    if amount is None:
        # Amounts are not looked at, nor is their currency.
        others = [name for name in opened.rows.collect_schema().names() if name != "currency"]
        opened = replace(opened, rows=opened.rows.select(*others))
    else:
        kinds[amount] = ColumnKind.NUMBER
        rules += amount_checks(opened, amount)
    require_kinds(opened, kinds)
    check_rows(opened, rules, keys=[customer, at])
    return opened


def purchases_of(
    opened: OpenFrame, clock: Clock, *, customer: str, at: str, amount: str | None, until: date
) -> nw.LazyFrame[Any]:
    """Return a row per customer and period with a purchase, and the first period of each.

    Parameters
    ----------
    opened : OpenFrame
    clock : Clock
    customer, at : str
    amount : str or None
    until : date
        The last day that is looked at, also within a period.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        ``_customer``, ``_place``, ``_amount`` and ``_first``.
    """
    value = nw.lit(0.0) if amount is None else nw.col(amount).cast(nw.Float64)
    observed = opened.rows.filter(day_index(at) <= until.toordinal()).select(
        _customer=key_values(opened, customer),
        _place=clock.expression(at).cast(nw.Int64),
        _amount=value,
    )
    each = observed.group_by("_customer", "_place").agg(nw.col("_amount").sum())
    return each.with_columns(_first=nw.col("_place").min().over("_customer"))

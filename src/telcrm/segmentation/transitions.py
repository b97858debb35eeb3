"""Who went from which segment to which, between one observed month and the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

import narwhals.stable.v2 as nw

from telcrm.domain.moments import first_of_month, month_number
from telcrm.errors import ColumnTypeError, ParameterError
from telcrm.tables.calendar_index import CALENDAR_MONTH, calendar, month_index
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.neighbours import with_neighbours
from telcrm.tables.refusals import refuse_repeated
from telcrm.tables.row_checks import RowCheck, check_rows, month_start, not_null

__all__ = ["MigrationState", "Transition", "transitions"]

_SHOWN: Final = 6


class MigrationState(StrEnum):
    """Where a customer is who is in no segment; no segment may be called so."""

    ENTRY = "(entry)"
    """Not in the table in the month before."""
    EXIT = "(exit)"
    """Not in the table in the month after."""
    UNASSIGNED = "(unassigned)"
    """In the table, and its segment is null."""


@dataclass(frozen=True, slots=True)
class Transition:
    """How many made one move between two months.

    Attributes
    ----------
    before, after : date
        The first days of the two months.
    left, joined : str
        Segments, or a :class:`MigrationState`.
    customers : int
    """

    before: date
    after: date
    left: str
    joined: str
    customers: int


def transitions(
    opened: OpenFrame,
    *,
    customer: str,
    period: str,
    segment: str,
    between: tuple[date, date] | None,
) -> list[Transition]:
    """Count the moves between each observed month and the next one, or between two given ones.

    Parameters
    ----------
    opened : OpenFrame
    customer, period, segment : str
    between : (date, date), optional

    Returns
    -------
    list of Transition
        By months and segments; every pair of months has one at least.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, ParameterError
        As :func:`telcrm.segmentation.migration` says.
    """
    require_columns(opened, {"customer": customer, "period": period, "segment": segment})
    opened = parse_objects(opened, [customer, period, segment])
    require_kinds(opened, {customer: ColumnKind.KEY, period: ColumnKind.DATE})
    labels = _labels(opened, segment)
    found = _check(opened, customer, period, labels)
    months = _observed(opened, period, found)
    if between is not None:
        months = _two(between, months)
    if len(months) < 2:
        return []
    dates = calendar(opened, months[0], months[-1], period=period).filter(
        nw.col(CALENDAR_MONTH).is_in(months)
    )
    places = dates.with_columns(_one=nw.lit(1).cast(nw.Int64)).select(
        CALENDAR_MONTH,
        _at=nw.col("_one").cum_sum().over(order_by=CALENDAR_MONTH).cast(nw.Int64),
    )
    rows = opened.rows.select(
        _customer=key_values(opened, customer),
        _month=month_index(period).cast(nw.Int64),
        _segment=labels.fill_null(str(MigrationState.UNASSIGNED)),
    ).join(places, left_on="_month", right_on=CALENDAR_MONTH)
    counted = _count(rows, len(months)).collect().rows()
    days = [first_of_month(month) for month in months]
    # The moves are few; put in order here, text sorts by its code points on every engine.
    return [
        Transition(days[place - 2], days[place - 1], left, joined, int(customers))
        for place, left, joined, customers in sorted(counted)
    ]


def _labels(opened: OpenFrame, segment: str) -> nw.Expr:
    dtype = opened.rows.collect_schema()[segment]
    if not isinstance(dtype, nw.String | nw.Categorical | nw.Enum | nw.dtypes.IntegerType):
        raise ColumnTypeError(
            f"{opened.table}: column {segment!r} holds {dtype}, and has to hold text or whole "
            "numbers. Cast it first.",
            table=opened.table,
            column=segment,
            dtype=str(dtype),
        )
    return nw.col(segment).cast(nw.String)


def _check(opened: OpenFrame, customer: str, period: str, labels: nw.Expr) -> tuple[Any, Any]:
    reserved = [str(state) for state in MigrationState]
    rules = [
        not_null(customer),
        not_null(period),
        month_start(period),
        RowCheck(
            "reserved",
            "segment",
            labels.fill_null("").is_in(reserved),
            f"is one of {', '.join(reserved)}, which are no segments",
            "Rename those segments.",
        ),
    ]
    months = {"_month": month_index(period)}
    found = check_rows(opened, rules, keys=[customer, period], ranges=months)["_month"]
    refuse_repeated(opened, [customer, period])
    return found


def _observed(opened: OpenFrame, period: str, found: tuple[Any, Any]) -> list[int]:
    if found[0] is None:
        return []
    seen = opened.rows.select(_month=month_index(period).cast(nw.Int64)).unique().collect()
    return sorted(int(month) for month in seen["_month"].to_list())


def _two(between: Any, months: Sequence[int]) -> list[int]:
    if (
        not isinstance(between, tuple | list)
        or len(between) != 2
        or not all(isinstance(day, date) and not isinstance(day, datetime) for day in between)
        or not between[0] < between[1]
    ):
        raise ParameterError(
            f"between is {between!r:.100}, and has to be two dates, the earlier first, each the "
            "first of a month.",
            between=between,
        )
    wanted = [month_number(day) for day in between]
    unknown = [
        day
        for day, month in zip(between, wanted, strict=True)
        if day.day != 1 or month not in months
    ]
    if unknown:
        first = ", ".join(f"{first_of_month(month):%Y-%m}" for month in months[:_SHOWN])
        more = f" and {len(months) - _SHOWN} more" if len(months) > _SHOWN else ""
        raise ParameterError(
            f"between: the table has no period {', '.join(map(str, unknown))}. "
            f"Its months: {first or 'none'}{more}.",
            unknown=unknown,
        )
    return wanted


def _count(rows: nw.LazyFrame[Any], months: int) -> nw.LazyFrame[Any]:
    neighbours = {"_next": ("_at", -1), "_next_segment": ("_segment", -1), "_last": ("_at", 1)}
    beside = with_neighbours(rows, neighbours, among=["_customer"], order_by=["_at"])
    at = nw.col("_at")
    stays = nw.col("_next") == at + 1
    left = beside.filter(at < months).select(
        _place=at + 1,
        _from=nw.col("_segment"),
        _to=nw.when(stays)
        .then(nw.col("_next_segment"))
        .otherwise(nw.lit(str(MigrationState.EXIT))),
    )
    came = beside.filter((at > 1) & (nw.col("_last").fill_null(0) != at - 1)).select(
        _place=at, _from=nw.lit(str(MigrationState.ENTRY)), _to=nw.col("_segment")
    )
    moved = nw.concat([left, came]).with_columns(_one=nw.lit(1).cast(nw.Int64))
    return moved.group_by("_place", "_from", "_to").agg(nw.col("_one").sum())

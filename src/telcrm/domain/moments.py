"""Days, instants, months and validity: how a record tells when.

Business days are :class:`datetime.date`. Instants are aware and kept in UTC. A month is named by
its first day, in the field ``period``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Self

from pydantic import GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from telcrm.domain.record import Record

__all__ = [
    "FirstOfMonth",
    "Instant",
    "Period",
    "UtcInstant",
    "ValidFor",
    "first_of_month",
    "month_number",
    "month_start",
]


@dataclass(frozen=True)
class UtcInstant:
    """Marks a ``datetime`` that must be aware; it is converted to UTC.

    Text is ISO 8601. A number is refused: read as seconds since 1970, a call that began at
    ``20260217093000`` would have begun in the year 2612.
    """

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        aware = core_schema.no_info_before_validator_function(
            _require_no_number, core_schema.datetime_schema(tz_constraint="aware")
        )
        return core_schema.no_info_after_validator_function(_in_utc, aware)


@dataclass(frozen=True)
class FirstOfMonth:
    """Marks a ``date`` that must be the first day of its month."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(_require_month_start, handler(source))


def _require_no_number(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and value[4:5] == "-"):
        return value
    message = f"{value!r:.60} is no instant: write one like 2026-02-17T09:30:00+01:00"
    raise ValueError(message)


def _in_utc(instant: datetime) -> datetime:
    try:
        utc = instant.astimezone(UTC)
    except OverflowError as error:
        message = f"{instant} lies outside the years 1 to 9999 of UTC"
        raise ValueError(message) from error
    if type(utc) is datetime:
        return utc
    # A pandas Timestamp carries nanoseconds, which JSON would drop.
    return datetime.combine(utc.date(), utc.time(), UTC)


def _require_month_start(day: date) -> date:
    if day.day != 1:
        message = f"a period is the first day of its month: {day} is not, {month_start(day)} is"
        raise ValueError(message)
    return day


Instant = Annotated[datetime, UtcInstant()]
"""A point in time: an aware ``datetime``, kept in UTC."""

Period = Annotated[date, FirstOfMonth()]
"""A month, named by its first day."""


def month_start(day: date) -> date:
    """Return the first day of a day's month: the ``period`` that it falls in.

    Parameters
    ----------
    day : date

    Returns
    -------
    date

    Examples
    --------
    >>> month_start(date(2026, 2, 17))
    datetime.date(2026, 2, 1)
    """
    return date(day.year, day.month, 1)


def month_number(day: date) -> int:
    """Return a day's month as ``12 * year + month - 1``: consecutive months differ by one.

    Examples
    --------
    >>> month_number(date(2024, 1, 31))
    24288
    """
    return 12 * day.year + day.month - 1


def first_of_month(number: int) -> date:
    """Return the day on which the month of a number begins: what ``month_number`` has taken away.

    Examples
    --------
    >>> first_of_month(24288)
    datetime.date(2024, 1, 1)
    """
    return date(number // 12, number % 12 + 1, 1)


class ValidFor(Record):
    """A span of days, both ends included; an open end has no limit."""

    start: date | None = None
    """First day; None is since ever."""
    end: date | None = None
    """Last day; None is until further notice."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.start and self.end and self.end < self.start:
            message = f"valid_for ends on {self.end}, before it starts on {self.start}"
            raise ValueError(message)
        return self

    def covers(self, day: date) -> bool:
        """Tell whether a day lies in the span.

        Parameters
        ----------
        day : date

        Returns
        -------
        bool

        Examples
        --------
        >>> ValidFor(start=date(2026, 1, 1)).covers(date(2026, 3, 1))
        True
        """
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)

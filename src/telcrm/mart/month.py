"""One month: its days, and the days that a window reaches back to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from telcrm.domain.moments import first_of_month, month_number
from telcrm.errors import ParameterError

__all__ = ["Month", "in_order", "months"]

_NO_LAST_DAY = date(9999, 12, 1)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month.

    Attributes
    ----------
    first : date
        Its first day.
    """

    first: date

    @classmethod
    def of(cls, period: object) -> Self:
        """Read a month from its first day, or refuse it.

        Raises
        ------
        ParameterError
            It is no date, or not the first of its month.

        Examples
        --------
        >>> Month.of(date(2024, 2, 1)).last
        datetime.date(2024, 2, 29)
        """
        is_day = isinstance(period, date) and not isinstance(period, datetime)
        if not isinstance(period, date) or not is_day or period.day != 1 or period >= _NO_LAST_DAY:
            raise ParameterError(
                f"period is {period!r:.60}, and has to be the first day of a month: a date, for "
                "example date(2026, 2, 1).",
                period=period,
            )
        return cls(period)

    @property
    def last(self) -> date:
        """The last day."""
        return self.next.first - timedelta(days=1)

    @property
    def next(self) -> Self:
        """The month after."""
        return self._moved(1)

    @property
    def before(self) -> Self:
        """The month before."""
        return self._moved(-1)

    @property
    def index(self) -> int:
        """``12 * year + month - 1``, as :func:`telcrm.tables.calendar_index.month_index` has it."""
        return month_number(self.first)

    def _moved(self, months: int) -> Self:
        return type(self)(first_of_month(self.index + months))


def months(first: date, last: date) -> tuple[date, ...]:
    """List the months from one to another, each by its first day.

    Parameters
    ----------
    first, last : date
        First days of months, both included.

    Returns
    -------
    tuple of date
        Empty if ``last`` lies before ``first``.

    Raises
    ------
    ParameterError
        One of them is not the first day of a month.

    Examples
    --------
    >>> months(date(2023, 12, 1), date(2024, 2, 1))
    (datetime.date(2023, 12, 1), datetime.date(2024, 1, 1), datetime.date(2024, 2, 1))
    """
    begin, end = Month.of(first).index, Month.of(last).index
    return tuple(first_of_month(index) for index in range(begin, end + 1))


def in_order(periods: Iterable[date]) -> list[Month]:
    """Read months that are named each once, and put them in order.

    Raises
    ------
    ParameterError
        There is none, or one comes twice.
    """
    given = [Month.of(period) for period in periods]
    ordered = sorted(set(given))
    if not ordered or len(ordered) < len(given):
        raise ParameterError(
            f"periods names {len(given)} months, {len(ordered)} of them different. Name one month "
            "or more, each once.",
            periods=[month.first for month in given],
        )
    return ordered

"""How well the last months were collected, where the numbers allow to say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, Self

from telcrm.domain import Money
from telcrm.domain.moments import month_start
from telcrm.errors import ParameterError
from telcrm.ledger import dso

__all__ = ["Collection", "last_whole_months"]

_MONTHS: Final = 3
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Collection:
    """Two measures of :mod:`telcrm.ledger.measures.collections`; None where one cannot be reckoned.

    Attributes
    ----------
    start, end : datetime.date
        First and last day of the months whose sales days sales outstanding are reckoned by.
    dso : Decimal, optional
        Days.
    effectiveness : Decimal, optional
        Percent, of the month that ends on ``end``.
    """

    start: date
    end: date
    dso: Decimal | None
    effectiveness: Decimal | None

    @classmethod
    def reckon(
        cls,
        receivables: Money,
        sold: Callable[[date, date], Money],
        effectiveness: Callable[[date, date], Decimal],
        *,
        since: date,
        as_of: date,
    ) -> Self | None:
        """Reckon what can be reckoned.

        Parameters
        ----------
        receivables : Money
            Open on the as-of date.
        sold, effectiveness : callable
            Take the first and the last day of a period.
        since : datetime.date
            First day that the numbers are of; no month before it counts.
        as_of : datetime.date

        Returns
        -------
        Collection or None
            None: no month is over yet.
        """
        months = [m for m in last_whole_months(as_of, _MONTHS) if m >= month_start(since)]
        if not months:
            return None
        start, end = months[-1], _month_end(months[0])
        days = (end - start).days + 1
        return cls(
            start,
            end,
            _or_none(lambda: dso(receivables, sold(start, end), days=days)),
            _or_none(lambda: effectiveness(months[0], end)),
        )


def last_whole_months(day: date, count: int) -> list[date]:
    """Return the first days of the last months that are over on a day, the newest first.

    Parameters
    ----------
    day : datetime.date
    count : int

    Returns
    -------
    list of datetime.date

    Examples
    --------
    >>> [str(month) for month in last_whole_months(date(2026, 1, 31), 2)]
    ['2026-01-01', '2025-12-01']
    >>> [str(month) for month in last_whole_months(date(2026, 1, 30), 2)]
    ['2025-12-01', '2025-11-01']
    """
    after = month_start(day + _ONE_DAY)
    months = []
    for _ in range(count):
        after = month_start(after - _ONE_DAY)
        months.append(after)
    return months


def _month_end(month: date) -> date:
    return month_start(month + timedelta(days=31)) - _ONE_DAY


def _or_none(measure: Callable[[], Decimal]) -> Decimal | None:
    try:
        return measure()
    except ParameterError:
        # Nothing was sold, or more came back than was ever owed: there is no such number.
        return None
